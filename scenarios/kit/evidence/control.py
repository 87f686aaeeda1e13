"""Whether a negative control failed as it must: by the criterion that it names, and not by another one only. Pure."""

from sandbox.report.model import Report, Verdict
from scenarios.kit.definition.scenario import CAPACITY_CHECK, Scenario


def held(scenario: Scenario, report: Report) -> tuple[bool, str]:
    """`report` is that of a run with the control. Returns whether it failed as it must, and a sentence about it."""
    if scenario.control.fails == CAPACITY_CHECK:
        stopped = report.verdict is Verdict.CAPACITY_CHECK_FAILED
        return stopped, "the capacity check stopped it, as it must." if stopped else "the capacity check let it pass. It must not."
    named = next((criterion for criterion in report.criteria if criterion.control), None)
    if named is None:
        return False, f"it ended {report.verdict.value}, so its criterion was not judged."
    what = f"{named.sentence}: {named.measured}, required {named.required}"
    if named.passed:
        return False, f"it passed what it must fail ({what}). The scenario proves nothing."
    return True, f"it failed as it must ({what})."
