"""When what is there counts as silent: after questions in a row without an answer, and no sooner."""

import pytest

from sandbox.drivers.pulse import MOST_UNANSWERED, Pulse


@pytest.mark.parametrize(
    ("answers", "told", "silent"),
    [
        ("y", 0, False),
        ("n" * (MOST_UNANSWERED - 1), 0, False),
        ("n" * MOST_UNANSWERED, 1, True),
        ("n" * (MOST_UNANSWERED - 1) + "y" + "n" * (MOST_UNANSWERED - 1), 0, False),
        ("n" * MOST_UNANSWERED + "y", 1, False),
        ("n" * 2 * MOST_UNANSWERED, 2, True),
    ],
)
def test_silence_is_questions_in_a_row_without_an_answer(answers: str, told: int, silent: bool) -> None:
    given, calls = iter(answers), []
    pulse = Pulse("pulse", 1.0, lambda: next(given) == "y", lambda: calls.append("silent"))
    for _ in answers:
        pulse.look()
    assert (len(calls), pulse.silent) == (told, silent)
