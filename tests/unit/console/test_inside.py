"""What the inside of the service says, as a command says it."""

import pytest

from colony_console.failures import BadInput, Failure
from colony_console.inside import read_settings, run
from colony_core.domain.validation import ValidationFailed, Violation
from colony_core.errors import Conflict, Invalid


async def raising(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(("error", "exit_code"), [(Invalid("No"), 2), (Conflict("No"), 1), (OSError("No"), 1)])
def test_an_error_has_its_exit_code_and_its_sentence(error: Exception, exit_code: int) -> None:
    with pytest.raises(Failure) as refused:
        run(raising(error))
    assert (refused.value.exit_code, refused.value.message) == (exit_code, "No")


def test_an_error_out_of_a_group_of_tasks_is_told_alone() -> None:
    with pytest.raises(Failure, match=r"^Not so$"):
        run(raising(ExceptionGroup("tasks", [ExceptionGroup("more", [Conflict("Not so")])])))


def test_what_the_system_refuses_comes_with_a_hint() -> None:
    with pytest.raises(Failure) as refused:
        run(raising(OSError("Address already in use")), "Give another.")
    assert refused.value.details == ("Give another.",)


def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    with pytest.raises(ExceptionGroup):
        run(raising(ExceptionGroup("tasks", [ZeroDivisionError()])))


def test_violations_have_lines() -> None:
    violation = Violation(rule="name.bad", path="name", message="It is bad.", hint="Mend it.")

    with pytest.raises(BadInput) as refused:
        run(raising(ValidationFailed((violation,))))
    assert refused.value.details == ("- name: It is bad. Hint: Mend it. [name.bad]",)


def test_a_setting_that_cannot_be_used_is_a_wrong_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLONY_PORT", "many")

    with pytest.raises(BadInput, match="COLONY_PORT"):
        read_settings()
