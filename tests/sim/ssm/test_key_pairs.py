"""The key of an instance's key pair gets into its machine, at every boot, and into no other machine."""

from sandbox.drivers.runtime.commands import MachineCommand
from sandbox.drivers.world import Machine, ScriptedCommand
from tests.support import rule
from tests.support.services.ssm.stage import IMAGE, Stage


def launch(stage: Stage, **given: str) -> str:
    made = stage.on.client("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, **given)
    stage.on.run(60)
    return str(made["Instances"][0]["InstanceId"])


@rule("EIC-3")
def test_it_is_installed_at_each_boot_of_the_instances_that_have_one(stage: Stage) -> None:
    installed: list[tuple[str, str]] = []

    def run(machine: Machine, command: MachineCommand) -> ScriptedCommand:
        installed.append((machine.instance_id, command.argv[-2].split()[0]))
        return ScriptedCommand()

    stage.on.world.command = run
    ec2 = stage.on.client("ec2")
    ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    launch(stage)
    web = launch(stage, KeyName="mine")
    assert installed == [(web, "ssh-ed25519")]
    ec2.reboot_instances(InstanceIds=[web])
    stage.on.run(120)
    assert installed == [(web, "ssh-ed25519")] * 2


def test_an_image_without_an_ssh_server_is_told_in_an_event(stage: Stage) -> None:
    stage.on.world.command = lambda machine, command: ScriptedCommand(exit_code=65)
    stage.on.client("ec2").create_key_pair(KeyName="mine")
    web = launch(stage, KeyName="mine")
    [event] = [each for each in stage.on.sandbox.journal.about(web) if each.detail_type == "EC2 Instance SSH Not Available"]
    assert event.summary == f"nobody can log in to {web} by SSH: the image has no SSH server (package openssh-server)"
    cause = stage.on.sandbox.journal.get(event.cause or "")
    assert cause is not None and cause.detail_type == "EC2 Instance State-change Notification"
