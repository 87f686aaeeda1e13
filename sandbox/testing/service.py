"""`Service`: your service in an Auto Scaling group behind a load balancer, and what a test does with it.

It is a run of a scenario (scenarios/kit) whose phases are the lines of the test. So a test has the scenarios' faults, measures and report.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.core.errors import UserError
from sandbox.report.model import Report, Verdict
from sandbox.report.write import write
from sandbox.testing.traffic import Traffic
from scenarios.kit.definition.criteria import holds
from scenarios.kit.definition.knobs import settings
from scenarios.kit.definition.profiles import Profile, changed, knobs
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.gather import gather
from scenarios.kit.evidence.journal import last_id
from scenarios.kit.evidence.report import report
from scenarios.kit.running.announced import Played
from scenarios.kit.running.outcome import Ending
from scenarios.kit.running.run import Chosen, Run
from scenarios.kit.stack.build import build
from scenarios.kit.stack.names import IMAGE
from scenarios.kit.stack.remove import remove
from scenarios.kit.stage import Stage

AMI_NAME = "service-under-test"
CLIENTS = ("client_timeout", "retries", "backoff", "jitter", "retry_budget", "keep_alive")  # knobs that `load` takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The arguments of Sandbox.service, which says what they are."""

    name: str
    image: str | None
    command: str | None
    path: str | None
    knobs: Mapping[str, object]

    @property
    def own(self) -> bool:
        """Not the tutorial's application."""
        return self.image is not None or self.command is not None


class Service:
    """Made by Sandbox.service. Usable as a `with` block, at whose end it is removed."""

    def __init__(self, stage: Stage, profile: Profile, wanted: "Wanted") -> None:
        self._stage, self._image_id = stage, ""
        self._run: Run | None = None
        self._given = {key: _text(value) for key, value in wanted.knobs.items()}
        values = settings(knobs(profile), self._given, "sandbox.service")
        self.profile = changed(profile, values)
        self._began, self._after = time.monotonic(), last_id(stage.client)
        started_at = stage.client.now()
        remove(stage, "leftovers of an earlier service")
        try:
            self._image_id = self._register(wanted) if wanted.own else ""
            stack = build(stage, self.profile, values.number("live_scale"), self._image_id or IMAGE)
        except BaseException:
            self.remove()
            raise
        path = stack.path if wanted.path is None and not wanted.own else (wanted.path or "").lstrip("/")
        chosen = Chosen(scenario=_scenario(wanted.name), profile=self.profile, settings=values)
        self._run = Run(stage=stage, chosen=chosen, stack=replace(stack, path=path), started_at=started_at)
        self._test_began = self._run.now()

    def _register(self, wanted: "Wanted") -> str:
        location = f"docker://{wanted.image}" if wanted.image is not None else f"command://{wanted.command}"
        return str(self._stage.step("ec2", "register_image", Name=AMI_NAME, ImageLocation=location)["ImageId"])

    @property
    def run(self) -> Run:
        """The scenario's view of it, which has more than this class (scenarios/kit/running/run.py)."""
        assert self._run is not None
        return self._run

    # ---- what there is -----------------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Of the load balancer, on this machine: "http://127.0.0.1:21002/"."""
        return self.run.stack.url

    @property
    def zones(self) -> tuple[str, ...]:
        return self.run.stack.zones

    def instances(self, zone: str | None = None) -> list[str]:
        """Ids of the instances in service, of one zone or of all."""
        return self.run.instances(zone)

    def fullest_zone(self) -> str:
        """The zone with the most instances; of several, the first by name."""
        return self.run.fullest_zone()

    def whole(self) -> bool:
        """Whether desired = in service = healthy, and the zones are balanced."""
        return self.run.settled()

    # ---- what a test does --------------------------------------------------------------------------------------------------------------

    def load(self, rate: float, path: str | None = None, **clients: object) -> Traffic:
        """Clients send `rate` requests per real second until the traffic is stopped, or the service removed. `path` if it differs from the
        service's. `clients`: how they behave: client_timeout=5, retries=2, backoff=0.1, jitter=True, retry_budget=10, keep_alive=60.

        A second call replaces the first: all requests are measured as one traffic."""
        if unknown := set(clients) - set(CLIENTS):
            raise UserError(f"Clients have no {min(unknown)!r}. They have {', '.join(CLIENTS)}.", "help(sandbox.testing.Service.load)")
        given = {**self._given, **{key: _text(value) for key, value in clients.items()}}
        self.run.chosen = replace(self.run.chosen, settings=settings(knobs(self.profile), given, "load"))
        where = {} if path is None else {"url": self.url + path.lstrip("/")}
        start = self.run.start_load if self.run.stream is None else self.run.change_load
        start(rate, **where)
        return Traffic(self.run)

    def wait(self, seconds: float) -> None:
        """Sandbox seconds pass."""
        self.run.wait(seconds)

    def until(self, what: str, condition: Callable[[], object], seconds: float) -> bool:
        """Waits for the condition, at most that many sandbox seconds. Returns whether it was met."""
        return self.run.until(what, condition, seconds)

    def until_whole(self, seconds: float = 600) -> bool:
        """Waits until desired = in service = healthy, and the zones are balanced. Returns whether that was so in time."""
        met = self.until("the service is whole and balanced", self.whole, seconds)
        if met:
            self.run.recovered_at = self.run.now()
        return met

    def inject(self, kind: str, *targets: str, lasting: float | None = None, **parameters: Any) -> str:
        """Injects a fault (`sandbox fault kinds` lists them). `lasting`: sandbox seconds; None: until `heal`, or the end. → its id."""
        return self.run.inject(kind, *targets, lasting=lasting, **parameters)

    def heal(self, fault_id: str) -> None:
        self.run.heal(fault_id)

    @contextmanager
    def fault(self, kind: str, *targets: str, **parameters: Any) -> Iterator[str]:
        """Injects a fault, and clears it at the end of the block."""
        fault_id = self.inject(kind, *targets, **parameters)
        try:
            yield fault_id
        finally:
            if fault_id in self._stage.faults:
                self.heal(fault_id)

    # ---- what comes out ----------------------------------------------------------------------------------------------------------------

    def report(self, failure: str | None = None) -> Report:
        """Stops the traffic, and says what happened so far. `failure`: why the test failed; None: it passed."""
        run = self.run
        if run.stream is None:
            raise UserError("There is no report without traffic.", "service.load(rate=…) before the fault")
        run.phases.append(Played(name="test", title="The test", began=self._test_began, ended=run.now()))
        verdict = Verdict.SUCCEEDED if failure is None else Verdict.FAILED
        ending = Ending(verdict=verdict, sentence=failure or "The test passed.")
        return report(run, gather(run, self._after, counted=False), ending, time.monotonic() - self._began)

    def write_report(self, folder: Path, failure: str | None = None) -> tuple[Path, ...]:
        """As report.html, report.json and report.png. → the files."""
        return write(self.report(failure), folder)

    def remove(self) -> None:
        """Stops the traffic, clears the faults, and removes everything. Calling it twice has no effect."""
        if self._run is not None and self._run.stream is not None:
            self._run.stop_load()
        self._stage.end_faults()
        remove(self._stage, "the service under test")
        image, self._image_id = self._image_id, ""
        if image:
            self._stage.try_silently("ec2", "deregister_image", ImageId=image)

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()


def _scenario(name: str) -> Scenario:
    """What the report calls the run. The test decides, so its one criterion is never asked."""
    passes = holds("passes", "The test passes", lambda evidence: (True, "by the test"))
    return Scenario(
        id="test",
        name=name,
        title="A test of a service",
        hypothesis="The service keeps what its test asks for.",
        question="Does the test pass?",
        phases=(Phase(name="test", title="The test", play=lambda run: None),),
        criteria=(passes,),
        control=Control(summary="A layout of the service that the test must reject.", fails=passes.id),
    )


def _text(value: object) -> str:
    """As the knob's option on a command line."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
