"""examples/aws-cli and examples/chaos-toolkit by the commands that their READMEs print, exactly as printed: the script makes the tutorial's
service, which loses instances and a zone, and nothing of it is left."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import ClientSandbox, needs, program, program_apart
from tests.support.live import until
from tests.support.real_clients.examples import INSTANCE, NAME, in_example, printed, whole
from tests.support.real_clients.leftovers import Ledger

CLI = needs("the AWS CLI, or curl", all(program(name) for name in ("aws", "curl")))


@pytest.fixture(scope="module")
def service(sandbox: ClientSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Made and removed by the AWS CLI. → what the commands printed."""
    ledger = Ledger(sandbox)
    with in_example(sandbox, "aws-cli", tmp_path_factory.mktemp("aws-cli")) as terminal:
        said = terminal.run(printed("aws-cli", "Run"))
        yield said
        terminal.run(printed("aws-cli", "Remove"))
        terminal.run("./remove.sh")  # what is not there is passed over
    ledger.close(failed=False)


@CLI
def test_the_script_makes_a_service_that_answers(sandbox: ClientSandbox, service: str) -> None:
    members = whole(sandbox)
    [answered] = re.findall(rf"Running on: ({INSTANCE}) ", service)
    assert answered in members
    assert all(f"{NAME}  {member}:80  healthy" in service for member in members)


@CLI
def test_a_terminated_instance_is_replaced_and_explained(sandbox: ClientSandbox, service: str, tmp_path: Path) -> None:
    before = until(lambda: whole(sandbox), "a whole service")
    with in_example(sandbox, "aws-cli", tmp_path) as terminal:
        said = terminal.run(printed("aws-cli", "Break"))
    after = until(lambda: whole(sandbox), "a whole service again", 120)
    [lost] = set(before) - set(after)
    assert f"a user called TerminateInstances on {lost}" in said


@CLI
@needs("Chaos Toolkit", program_apart("chaos") is not None)
def test_the_experiment_takes_an_instance_and_a_zone_and_the_hypothesis_holds(sandbox: ClientSandbox, service: str, tmp_path: Path) -> None:
    before = until(lambda: whole(sandbox), "a whole service")
    with in_example(sandbox, "chaos-toolkit", tmp_path) as terminal:
        said = terminal.run(printed("chaos-toolkit", "Run"))
        *own, of_the_service = printed("chaos-toolkit", "Remove").splitlines()
        assert of_the_service == "../aws-cli/remove.sh"  # the fixture does that
        terminal.run("\n".join(own))
    assert said.count("Steady state hypothesis is met!") == 2
    assert "Experiment ended with status: completed" in said
    lost = set(before) - set(whole(sandbox))
    assert "us-east-1a" in {before[instance] for instance in lost}
    assert sandbox.aws("fis").list_experiment_templates()["experimentTemplates"] == []
