"""What was checked and what did not hold. Counted, so that a run that checks nothing is seen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Findings:
    checks: int = 0
    violations: list[str] = field(default_factory=list)

    def expect(self, held: bool, now: Callable[[], datetime], template: str, *values: object) -> None:
        """`template` and `values` say what is wrong when it does not hold."""
        self.checks += 1
        if not held:
            self.note(f"{now():%H:%M:%S.%f} {template.format(*values)}")

    def note(self, violation: str) -> None:
        if violation not in self.violations:
            self.violations.append(violation)
