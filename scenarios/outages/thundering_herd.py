"""S08: a service that was down comes back, and everybody returns at once. Does it stay up, or do the clients keep it down?

The service fails for two minutes; its instances are well. Then it answers again, with cold caches, and those who were refused come back. A
queue longer than the clients' patience is only work for clients that have gone, so without limits the overload outlives its cause
(metastable failure). What ends it: fewer retries, more capacity, or fewer clients.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.client import SandboxApiError
from sandbox.report.model import Advice
from sandbox.traffic.patterns import Pattern
from scenarios.kit.definition.criteria import at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.canary import watch
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

STOP, COLD = "error-rate", "cpu-heat"
OBSERVED = 300.0  # seconds after the trigger: longer down than that is metastable
AFTER_EXIT = 180.0
GOODPUT = 95.0  # percent of what is asked for
LEAST_SPREAD = 1.0  # seconds


# ---- what happens ------------------------------------------------------------------------------------------------------------------------


def stop(run: Run) -> None:
    """Health checks are green meanwhile: it is a dependency that is away. The clients' course is set now, for before and after."""
    seconds = run.settings.number("stop")
    highest, course = _course(run, seconds)
    run.change_load(highest, pattern=course)
    run.inject(STOP, GROUP, lasting=seconds, summary=f"Every request fails for {seconds:g} s", percent=100, status=500)
    run.wait(seconds)


def _course(run: Run, seconds: float) -> tuple[float, Pattern]:
    """The highest rate, and the curve: as always until the end of the stop, then with those who come back, then as always."""
    usual, speed, spread = run.stack.offered, run.stage.client.speed, _spread(run)
    herd = usual * seconds * run.settings.number("herd") / 100  # requests, each of which comes once more
    highest = usual + herd / spread
    low, begin, end = usual / highest, seconds / speed, (seconds + spread) / speed
    return highest, Pattern(name="herd", points=((0.0, low), (begin, low), (begin, 1.0), (end, 1.0), (end, low)))


def _spread(run: Run | Evidence) -> float:
    return max(run.settings.number("spread"), LEAST_SPREAD)


def back(run: Run) -> None:
    """The dependency is back. Caches are cold for a while, which costs CPU time."""
    cost, seconds = run.settings.number("cold_cost"), run.settings.number("cold")
    if cost > 1 and seconds:
        told = f"Cold caches: a request costs {cost:g} times as much"
        try:
            run.inject(COLD, GROUP, lasting=seconds, summary=told, percent=round(100 / cost))
        except SandboxApiError as error:  # local processes have no CPU limit
            run.notes.append(f"Caches were not cold: {error.message}")
    run.wait(OBSERVED)


def observe(run: Run) -> None:
    """An operator who still sees failures now adds capacity: the exit that needs no change of the clients."""
    if watch(run, 60):
        size = min(2 * run.profile.size, run.profile.max_size)
        run.operator(
            f"adds capacity: {size} instances instead of {run.profile.size}",
            "autoscaling",
            "set_desired_capacity",
            AutoScalingGroupName=GROUP,
            DesiredCapacity=size,
        )
        run.wait(AFTER_EXIT)


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _ended(run: Evidence) -> datetime:
    """When the trigger was gone."""
    return run.faults[0].since + timedelta(seconds=run.settings.number("stop"))


def goodput_back(run: Evidence) -> float | None:
    """Seconds from the end of the trigger until 95 % of the requests of a minute were good; 0: at once."""
    return run.mitigated(_ended(run), GOODPUT)


def amplification(run: Evidence) -> float | None:
    return run.amplification


def by_itself(run: Evidence) -> tuple[bool, str]:
    """Whether the service came back without an operator."""
    helped = run.detected_by_operator(_ended(run))
    took = goodput_back(run)
    if helped is not None:
        return False, f"an operator added capacity {helped:.0f} s after the trigger was gone" + ("" if took is None else ", which ended it")
    return took is not None, "by itself" if took is not None else "it did not come back"


def untouched(run: Evidence) -> tuple[bool, str]:
    """Health checks of an overloaded instance time out like any request, and the group then replaces what is only busy."""
    killed = run.needless_kills()
    return not killed, f"{len(killed)} instances" if killed else "none"


def advice(run: Evidence) -> tuple[Advice, ...]:
    return tuple(_advice(run))


def _advice(run: Evidence) -> Iterator[Advice]:
    again = f"sandbox scenario run {run.scenario.name} --profile {run.profile.name}"
    if run.settings.whole("retries") and not run.settings.number("retry_budget"):
        yield Advice(
            change="Give the clients' retries a budget, such as 10 % of their requests.",
            because=f"Each request became {run.amplification or 0:.1f} attempts, when the service could carry least.",
            command=f"{again} --knob retry_budget=10",
        )
    if run.settings.number("spread") < run.settings.number("stop"):
        yield Advice(
            change="Let clients come back over as much time as they were away, each after a random wait.",
            because=f"All who were refused came back within {_spread(run):g} s.",
            command=f"{again} --knob spread={run.settings.number('stop'):g}",
        )


SCENARIO = Scenario(
    id="S08",
    name="thundering_herd",
    title="Everybody returns at once",
    hypothesis="When a failed dependency is back, the service is back within a minute by itself, because its clients retry within limits.",
    question="Does the overload end when its cause is gone?",
    knobs=(
        Knob(name="stop", default=120.0, unit="s", meaning="that every request fails", low=10, high=3600),
        Knob(name="herd", default=30.0, unit="%", meaning="of those who were refused come back once more afterwards", high=500),
        Knob(name="spread", default=120.0, unit="s", meaning="within which they come back", high=3600),
        Knob(name="cold_cost", default=1.1, unit="×", meaning="cost of a request with cold caches", low=1, high=10),
        Knob(name="cold", default=60.0, unit="s", meaning="that caches are cold", high=3600),
        Knob(name="retries", default=3, meaning="further attempts of a client whose request failed", high=10),
        Knob(
            name="retry_budget",
            default=10.0,
            unit="%",
            meaning="retries of all clients together, of their requests; 0: no limit",
            high=1000,
        ),
    ),
    phases=(
        Phase(name="stop", title="Every request fails", play=stop),
        Phase(name="back", title="The dependency is back; everybody returns", play=back),
        Phase(name="observe", title="The trigger is gone", play=observe),
    ),
    criteria=(
        at_most("goodput", "Time until 95 % are good again, after the trigger", goodput_back, 60.0, "s"),
        at_most("amplification", "Attempts for each request", amplification, 1.5, "×"),
        holds("by-itself", "The service comes back by itself within five minutes", by_itself),
        holds("untouched", "The group terminates no instance that is only busy", untouched, "none"),
    ),
    control=Control(
        summary="Clients retry without a budget or jitter, and all who were refused come back within five seconds.",
        fails="goodput",
        knobs={"retry_budget": "0", "jitter": "no", "spread": "5"},
    ),
    recovery_timeout=300.0,
    advice=advice,
    notes=("Queues are first in, first out, without a limit: an instance also works for clients that have given up.",),
)
