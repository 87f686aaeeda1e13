"""The examples of examples/ by the commands that their READMEs print, exactly as printed. Those of the AWS CLI and Chaos Toolkit:
test_example_script.py; with Terraform and CloudFormation: test_terraform.py and test_cloudformation.py."""

import re
from pathlib import Path

from tests.support.clients import ROOT, ClientSandbox, needs, program_apart
from tests.support.live import until
from tests.support.real_clients.examples import EXAMPLES, NAME, in_example, printed, whole


def test_boto3_makes_the_service_again_without_a_change_and_removes_it(sandbox: ClientSandbox, nothing_left: None, tmp_path: Path) -> None:
    with in_example(sandbox, "boto3", tmp_path) as terminal:
        assert f"http://{NAME}-" in terminal.run(printed("boto3", "Run"))
        made = whole(sandbox)
        assert len(made) == 3
        terminal.run("python tutorial.py make")
        assert whole(sandbox) == made
        terminal.run(printed("boto3", "Remove"))
        terminal.run("python tutorial.py remove")  # what is not there is passed over


@needs("Ansible", program_apart("ansible-playbook") is not None)
def test_the_playbook_makes_the_service_changes_nothing_again_and_removes_it(
    sandbox: ClientSandbox, nothing_left: None, tmp_path: Path
) -> None:
    run = printed("ansible", "Run")
    with in_example(sandbox, "ansible", tmp_path) as terminal:
        assert "changed=9 " in terminal.run(run)
        until(lambda: whole(sandbox), "a whole service")
        assert "changed=0 " in terminal.run(run.splitlines()[0])
        assert "failed=0 " in terminal.run(printed("ansible", "Remove"))


def test_every_example_is_in_the_index_and_says_how_to_run_it() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    index = (EXAMPLES / "README.md").read_text()
    assert set(re.findall(r"^\| \[([\w-]+)\]", index, flags=re.MULTILINE)) == folders
    assert [name for name in sorted(folders) if not (EXAMPLES / name / "README.md").exists()] == []


def test_the_deployment_script_is_that_of_the_tutorial_scenario() -> None:
    assert (EXAMPLES / "deploy.sh").read_text() == (ROOT / "sandbox/images/machine/deploy.sh").read_text()
