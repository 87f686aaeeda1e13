"""The folders of examples/, as a reader uses them: the commands of a README, in a terminal, in a copy of the folder."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.clients import APART, ROOT, ClientSandbox
from tests.support.real_clients.printed_commands import Terminal, blocks

EXAMPLES = ROOT / "examples"
NAME = "tutorial"
"""Of the group, the target group and the load balancer in all of them."""
INSTANCE = r"i-[0-9a-f]{17}"


def printed(example: str, heading: str) -> str:
    """The one block of commands that the README of the example has below the heading."""
    [block] = blocks((EXAMPLES / example / "README.md").read_text(), heading)
    return block


@contextmanager
def in_example(sandbox: ClientSandbox, example: str, folder: Path) -> Iterator[Terminal]:
    """A terminal in a copy of the example, with the environment of `eval "$(sandbox env)"`. `folder`: an empty one."""
    shutil.copytree(EXAMPLES, folder / "examples")
    (folder / ".curlrc").write_text(f'connect-to = ":80:127.0.0.1:{sandbox.front_port}"\n')
    variables = {
        **sandbox.environment,
        **ansible(folder),
        "PATH": f"{sandbox.environment['PATH']}{os.pathsep}{APART / 'bin'}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
    }
    terminal = Terminal(folder / "examples" / example, variables, scratch=folder)
    try:
        yield terminal
    finally:
        terminal.close()


def whole(sandbox: ClientSandbox) -> dict[str, str]:
    """The members and their zones, once there are three in service in three zones, all of them healthy targets."""
    elbv2 = sandbox.aws("elbv2")
    [group] = sandbox.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
    members = {m["InstanceId"]: m["AvailabilityZone"] for m in group["Instances"] if m["LifecycleState"] == "InService"}
    [arn] = group["TargetGroupARNs"]
    targets = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    healthy = {each["Target"]["Id"] for each in targets if each["TargetHealth"]["State"] == "healthy"}
    return members if len(set(members.values())) == len(members) == 3 and healthy == set(members) else {}


def ansible(home: Path) -> dict[str, str]:
    """Its settings: the collections and the interpreter of tools/clients.sh, and no warnings about an inventory."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(APART / "collections"),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_PYTHON_INTERPRETER": str(APART / "bin/python"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "True",
        "LC_ALL": "C.UTF-8",
    }
