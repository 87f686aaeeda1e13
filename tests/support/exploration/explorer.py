"""Carries out a plan on a new virtual sandbox, looks at everything meanwhile, and expects recovery when the faults end."""

import random
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.exploration.account import Account, NothingThere
from tests.support.exploration.consistency import Consistency
from tests.support.exploration.findings import Findings
from tests.support.exploration.metrics import MetricsCheck
from tests.support.exploration.operations import OPERATIONS
from tests.support.exploration.plans import Plan, Step, plan_of
from tests.support.exploration.recovery import recover
from tests.support.exploration.watch import Watch
from tests.support.virtual import virtual_sandbox


@dataclass
class Outcome:
    """Of one plan."""

    seed: int
    steps: list[Step] = field(default_factory=list)  # that were carried out, the last one included
    checks: int = 0
    accepted: int = 0  # requests
    refused: int = 0
    skipped: int = 0  # steps that found nothing to act on
    violations: list[str] = field(default_factory=list)


class Explorer:
    def __init__(self, seed: int, saved: Path) -> None:
        self.findings = Findings()
        self.account = Account(virtual_sandbox(seed=seed), saved)
        self.watch = Watch(self.account.on, self.findings, lambda: bool(self.account.faults.active()))
        self._metrics = MetricsCheck(self.findings)
        self._consistency = Consistency(self.account, self.findings)
        self.skipped = 0

    @property
    def violations(self) -> list[str]:
        return self.findings.violations

    def begin(self) -> "Explorer":
        """→ itself, with a fleet that is well."""
        self.account.fleet.make()
        self.account.ec2.create_launch_template(LaunchTemplateName="base", LaunchTemplateData=TEMPLATE)
        self.run(15)
        assert self.account.fleet.well()
        return self

    def carry_out(self, step: Step) -> None:
        before = self.account.on
        self.operate(step)
        if self.account.on is not before:
            self.watch.follow(self.account.on)
        self.run(step.then_wait)
        self.check_descriptions()

    def operate(self, step: Step) -> None:
        try:
            with self.account.request():
                OPERATIONS[step.operation](self.account, random.Random(step.which))
        except NothingThere:
            self.skipped += 1

    def restart(self) -> None:
        self.account.restart()
        self.watch.follow(self.account.on)

    def run(self, seconds: float) -> None:
        self.account.on.run(seconds, self._look)

    def recover(self) -> None:
        """What does not become well is a violation."""
        for sentence in recover(self.account, self.run):
            self.findings.note(f"after the faults: {sentence}")
        self.check_descriptions()
        self.check_metrics()

    def check_descriptions(self) -> None:
        self._consistency.check()

    def check_metrics(self) -> None:
        self._metrics.check(self.account.on)

    def _look(self) -> None:
        self.watch.look_at_rest()
        self._metrics.remember(self.account.on.now())


TEMPLATE = {"ImageId": "ami-0c047a86012500412", "InstanceType": "t3.micro"}


def explore(seed: int, plan: Plan | None = None) -> Outcome:
    """The seed's own plan unless another is given. Stops at the first violation; an exception is one, too."""
    outcome = Outcome(seed)
    with tempfile.TemporaryDirectory() as folder:
        explorer = Explorer(seed, Path(folder) / "state.bin")
        try:
            _carry_out(explorer, plan_of(seed) if plan is None else plan, outcome)
        except Exception:
            explorer.findings.note(traceback.format_exc())
    outcome.violations, outcome.checks = explorer.findings.violations, explorer.findings.checks
    outcome.accepted, outcome.refused, outcome.skipped = explorer.account.accepted, explorer.account.refused, explorer.skipped
    return outcome


def _carry_out(explorer: Explorer, plan: Plan, outcome: Outcome) -> None:
    explorer.begin()
    for step in plan:
        outcome.steps.append(step)
        explorer.carry_out(step)
        if explorer.findings.violations:
            return
    explorer.recover()


def journal_of(seed: int, plan: Plan) -> list[dict[str, object]]:
    """Every event of the plan, without checks and recovery."""
    with tempfile.TemporaryDirectory() as folder:
        explorer = Explorer(seed, Path(folder) / "state.bin").begin()
        for step in plan:
            explorer.operate(step)
            explorer.account.on.run(step.then_wait)
        return [event.as_json() for event in explorer.account.on.sandbox.journal.events()]
