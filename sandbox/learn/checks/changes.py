"""Checks of what has happened since the lesson began, as the journal tells it."""

import re
from typing import Any

from sandbox.learn.checks.model import Check, Finding, Parameters, number
from sandbox.learn.checks.observed import Observed


def event(seen: Observed, given: Parameters) -> Finding:
    """`text`: a part of its sentence or of its detail; parts with … between them follow one another."""
    kind, text = str(given["kind"]), str(given.get("text", ""))
    sought = re.compile(".*".join(re.escape(part.strip()) for part in text.split("…")), re.DOTALL)
    found = [each for each in seen.events if each["detail-type"] == kind and sought.search(_words(each))]
    enough = len(found) >= number(given, "at-least")
    about = f" with {text!r}" if text else ""
    return Finding(met=enough, observed=f"{len(found)} events {kind!r}{about} since the lesson began")


def _words(each: Any) -> str:
    return f"{each.get('summary', '')} {each.get('detail', '')}"


def became(seen: Observed, given: Parameters) -> Finding:
    """A target's change from one state to another."""
    state, before = str(given["state"]), given.get("from")
    changes = [each["detail"] for each in seen.events if each["detail-type"] == "Target Health State Change"]
    found = [
        each
        for each in changes
        if each["state"] == state
        and each["previous-state"] == (each["previous-state"] if before is None else before)
        and each["reason"] == given.get("reason", each["reason"])
    ]
    told = f"{len(found)} times a target became {state}" + (f" after {before}" if before else "")
    return Finding(met=len(found) >= number(given, "at-least"), observed=f"{told} since the lesson began")


def fault(seen: Observed, given: Parameters) -> Finding:
    began = [each for each in seen.events if each["detail-type"] == "Fault Injected"]
    kinds = [str(each["detail"].get("kind")) for each in began]
    wanted = given.get("kind")
    met = bool(kinds) if wanted is None else wanted in kinds
    return Finding(met=met, observed=f"injected since the lesson began: {', '.join(kinds) or 'nothing'}")


def scenario(seen: Observed, given: Parameters) -> Finding:
    """`own`: of the learner's own layout (`sandbox learn try`). Without a verdict: any but INTERRUPTED."""
    ended = [each["detail"] for each in seen.events if each["detail-type"] == "Scenario Ended"]
    names = {each["detail"]["run"]: each["detail"].get("name") for each in seen.events if each["detail-type"] == "Scenario Started"}
    ours = [each for each in ended if names.get(each["run"]) == given["name"] and (not given.get("own", False) or "layout" in each)]
    met = any(_fits(each, given) for each in ours)
    told = ", ".join(str(each["verdict"]) for each in ours) or "none"
    return Finding(met=met, observed=f"runs of {given['name']} since the lesson began: {told}")


def _fits(run: Any, given: Parameters) -> bool:
    size = int(run.get("layout", {}).get("size", 0))
    decided = run["verdict"] == given["verdict"] if "verdict" in given else run["verdict"] != "INTERRUPTED"
    return decided and size <= number(given, "size-at-most", size)


CHANGES = (
    Check(
        name="event",
        asks="The journal has that many events of that kind since the lesson began (`sandbox events`).",
        look=event,
        parameters={"kind": str, "text": str, "at-least": int},
        required=("kind",),
    ),
    Check(
        name="target-became",
        asks="So often a target changed to that state since the lesson began, from that one and for that reason.",
        look=became,
        parameters={"state": str, "from": str, "reason": str, "at-least": int},
        required=("state",),
    ),
    Check(name="fault", asks="A fault of that kind was injected since the lesson began.", look=fault, parameters={"kind": str}),
    Check(
        name="scenario",
        asks="A run of that scenario ended with that verdict since the lesson began; own: true asks for `sandbox learn try`.",
        look=scenario,
        parameters={"name": str, "verdict": str, "own": bool, "size-at-most": int},
        required=("name",),
    ),
)
