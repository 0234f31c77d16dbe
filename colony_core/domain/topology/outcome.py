"""How a review ends: the spec where nothing is wrong, and everything that was found."""

from msgspec import Struct

from colony_core.domain.clusters import Advice, ClusterCredentials, ClusterSpec
from colony_core.domain.validation import Finding, Severity, ValidationFailed


class Review(Struct, frozen=True, kw_only=True):
    """The findings, errors first; `spec` is None as soon as one of them is an error.

    `credentials` are those worth keeping, trimmed: None for a type of cluster that uses none.
    """

    spec: ClusterSpec | None
    findings: tuple[Finding, ...] = ()
    credentials: ClusterCredentials | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return what refuses the request."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what is accepted, but worth reading."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    @property
    def advice(self) -> tuple[Advice, ...]:
        """Return the warnings as the cluster keeps them."""
        return tuple(finding.advice() for finding in self.warnings)

    def accepted(self) -> ClusterSpec:
        """Return the spec, or raise `ValidationFailed` with every error."""
        if self.spec is None:
            raise ValidationFailed(tuple(finding.violation() for finding in self.errors))
        return self.spec
