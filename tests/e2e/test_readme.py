"""The commands of README.md's "Five minutes", exactly as printed, in the process runtime: what a newcomer types works, in this order."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import ROOT, needs, program
from tests.support.real_clients.printed_commands import Terminal, blocks, checkout, environment

README = (ROOT / "README.md").read_text()
INSTANCE = r"i-[0-9a-f]{17}"
pytestmark = pytest.mark.process


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(checkout(tmp_path), environment(tmp_path, "readme"))
    yield made
    made.run("make down")
    made.close()


@needs("the AWS CLI, make or curl", all(program(name) for name in ("aws", "make", "curl")))
def test_the_commands_of_five_minutes_make_a_service_that_heals(terminal: Terminal) -> None:
    start, service, look, broken = blocks(README, "Five minutes")
    assert "The sandbox is at http://127.0.0.1:" in terminal.run(start)
    terminal.run(service)

    seen = terminal.run(look)
    serving = set(re.findall(rf"web +({INSTANCE}):80 +healthy", seen))
    answering = re.findall(rf"Running on: ({INSTANCE}) .*\n<p>Zone: us-east-1[ab]<", seen)
    assert len(serving) == 3 and len(answering) == 2 and serving.issuperset(answering), seen

    *commands, follow = broken.splitlines()
    told = terminal.run("\n".join(commands))
    [terminated] = re.findall(rf"a user called TerminateInstances on ({INSTANCE})", told)
    assert terminated in serving
    assert f"Terminating EC2 instance: {terminated}" in told  # the table of the activities
    assert follow.split() == [".venv/bin/sandbox", "events", "--follow"]
    terminal.watch(follow, lambda said: set(re.findall(rf"({INSTANCE}) is in service in web", said)) - serving)
