"""What a check says when it finds something: a `Rule` that was broken, and a `Finding` that tells how."""

from enum import StrEnum

from msgspec import Struct

from colony_core.domain.clusters import Advice
from colony_core.errors import Invalid


class Severity(StrEnum):
    """Whether a finding refuses the request or only comes back with it."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True, kw_only=True):
    """One broken rule in one place; it never holds the text of a secret.

    `path` is the place in the words of the wire (`workers[0].ip`). `observed` and `expected` are noun
    phrases, and `message` is the sentence made of them.
    """

    rule: str
    severity: Severity
    path: str
    message: str
    observed: str
    expected: str
    hint: str

    def violation(self) -> "Violation":
        """Return the finding as a refused request shows it."""
        return Violation(rule=self.rule, path=self.path, message=self.message, hint=self.hint)

    def advice(self) -> Advice:
        """Return the finding as an accepted cluster keeps it."""
        return Advice(rule=self.rule, path=self.path, message=self.message, hint=self.hint)


class Rule(Struct, frozen=True, kw_only=True):
    """What a request must keep to, and why.

    `id` never changes its meaning. `sentence` is a template of the finding's message; it may name `{path}`,
    `{observed}` and `{expected}`.
    """

    id: str
    severity: Severity
    summary: str
    reason: str
    hint: str
    sentence: str = "{path} is {observed}; it must be {expected}"

    def broken(self, path: str, *, observed: str, expected: str) -> Finding:
        """Return the finding that *path* breaks this rule."""
        return Finding(
            rule=self.id,
            severity=self.severity,
            path=path,
            message=self.sentence.format(path=path, observed=observed, expected=expected),
            observed=observed,
            expected=expected,
            hint=self.hint,
        )


class Violation(Struct, frozen=True, kw_only=True):
    """One broken rule as a refused request shows it."""

    rule: str
    path: str
    message: str
    hint: str


class ValidationFailed(Invalid):
    """The request breaks rules; `violations` holds all of them at once."""

    code = "VALIDATION_FAILED"
    summary = "Validation failed"
    advice = "Correct every violation: each names its rule, its place in the request, and what would pass."

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(_in_words(violations))
        self.violations = violations


def _in_words(violations: tuple[Violation, ...]) -> str:
    if not violations:
        return "The request was refused"
    if len(violations) == 1:
        return violations[0].message
    return f"{violations[0].message}; and {len(violations) - 1} more, all in the violations"
