"""When the actions of a composite alarm wait for its suppressor (CW-61)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox.services.cloudwatch.actions import NotifyTopic, UpdateState, UpdateSuppression
from sandbox.services.cloudwatch.decide.alarms import Observed, decide
from tests.support import rule
from tests.support.services.alarms import CREATED, LOCATION, TOPIC, composite_alarm, state

SECOND = timedelta(seconds=1)


def suppressed(wait: int = 20, extension: int = 30) -> Any:
    return composite_alarm(
        "ALARM(a)",
        alarm_actions=(TOPIC,),
        suppressor="work",
        suppressor_wait=timedelta(seconds=wait),
        suppressor_extension=timedelta(seconds=extension),
    )


def moments(alarm: Any, suppressor: list[tuple[int, str]]) -> list[tuple[int, list[type], str | None]]:
    """The child goes to ALARM at second 0; then the suppressor's states by second. → second, actions, why they are suppressed."""
    seen = Observed(alarm=alarm, state=state("OK"), location=LOCATION, children={"a": state("OK")}, suppressor=state("OK"))
    memory, found = decide(seen, None, CREATED).memory, []
    for second, value in suppressor:
        observed = replace(
            seen, children={"a": state("ALARM", CREATED + SECOND)}, state=state("OK" if second == 0 else "ALARM"), suppressor=state(value)
        )
        decision = decide(observed, memory, CREATED + second * SECOND)
        memory = decision.memory
        actions = [type(action) for action in decision.actions if not isinstance(action, UpdateState | UpdateSuppression)]
        found.append((second, actions, memory.suppressed and memory.suppressed.by))
    return found


@rule("CW-61")
def test_actions_wait_for_a_suppressor_that_may_still_go_to_alarm() -> None:
    assert moments(suppressed(), [(0, "OK"), (19, "OK"), (20, "OK"), (60, "OK")]) == [
        (0, [], "WaitPeriod"),
        (19, [], "WaitPeriod"),
        (20, [NotifyTopic], None),
        (60, [], None),
    ]


@rule("CW-61")
def test_actions_are_suppressed_while_the_suppressor_is_in_alarm_and_some_time_longer() -> None:
    assert moments(suppressed(), [(0, "OK"), (10, "ALARM"), (500, "ALARM"), (510, "OK"), (539, "OK"), (540, "OK")]) == [
        (0, [], "WaitPeriod"),
        (10, [], "Alarm"),
        (500, [], "Alarm"),
        (510, [], "ExtensionPeriod"),
        (539, [], "ExtensionPeriod"),
        (540, [NotifyTopic], None),
    ]
