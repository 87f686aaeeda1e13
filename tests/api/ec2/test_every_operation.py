"""Each EC2 operation that is served, with no more than its required parameters: whatever it answers, the rest of the API goes on.

One such call (AssociateVpcCidrBlock with a VPC alone) was accepted and made every DescribeVpcs fail, after a restart as well.
"""

from pathlib import Path

from sandbox.aws import state
from tests.support import VirtualSandbox, virtual_sandbox
from tests.support.services.ec2_calls import Readers, Things, called, changing


def made() -> tuple[VirtualSandbox, Things, Readers]:
    sandbox = virtual_sandbox()
    state.reset(0)
    things = Things(sandbox.client("ec2")).make()
    sandbox.run(5)
    return sandbox, things, Readers.of(things)


def culprits(operations: list[str]) -> list[str]:
    """Those that break something when each is called by itself."""
    found = []
    for operation in operations:
        _, things, readers = made()
        called(things.api, operation, things.required(operation))
        if broken := readers.broken():
            found.append(f"{operation} breaks {', '.join(broken)}")
    return found


def test_describe_operations_answer_after_every_other_operation(tmp_path: Path) -> None:
    sandbox, things, readers = made()
    statuses: dict[str, int] = {}
    for operations in changing(things.api):
        statuses |= {operation: called(things.api, operation, things.required(operation)) for operation in operations}
        broken = readers.broken()
        assert not broken, culprits(operations) or f"one after another they break {broken}"
        state.save(tmp_path / "state.bin")
        state.load(tmp_path / "state.bin")
        assert readers.broken() == []
        sandbox.run(130)
    assert sum(status == 200 for status in statuses.values()) > 80, "the calls are to be accepted where that is possible"
    assert {operation for operation, status in statuses.items() if status == 500} == set()
    failed = [event.summary for event in sandbox.sandbox.journal.events() if event.source == "sandbox.engine"]
    assert failed == []
