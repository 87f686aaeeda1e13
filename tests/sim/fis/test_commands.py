"""Documents of aws:ssm:send-command act on machines, and on nothing but the targets."""

import json
from datetime import timedelta

import pytest

from sandbox.cli.fis.command import TEMPLATES
from sandbox.cli.fis.document import Wanted
from sandbox.drivers.runtime.commands import MachineCommand
from sandbox.drivers.world import Machine, ScriptedCommand
from tests.support import rule
from tests.support.services.fis import ROLE, on
from tests.support.services.fis_stage import Stage

WEB = {"resourceTags": {"team": "web"}}


def command(document: str, **parameters: str) -> dict[str, object]:
    given = json.dumps(parameters, separators=(",", ":"))
    arn = f"arn:aws:ssm:us-east-1::document/AWSFIS-Run-{document}"
    named = {"documentArn": arn, "documentParameters": given, "duration": "PT5M"}
    return on("aws:ssm:send-command", "Instances", "aws:ec2:instance", WEB, **named)


@rule("FIS-34")
def test_the_cpu_of_the_targets_is_taken_and_given_back(stage: Stage) -> None:
    [web], [other] = stage.instances(), stage.instances(team="db")
    machines = stage.on.world.machine(web), stage.on.world.machine(other)
    experiment = stage.start(command("CPU-Stress", LoadPercent="70", DurationSeconds="120"))
    stage.on.run(60)
    assert [each.cpu_left for each in machines] == [30.0, 100.0]
    stage.on.run(90)
    assert [each.cpu_left for each in machines] == [100.0, 100.0] and stage.state(experiment) == "running"
    stage.on.run(180)
    assert stage.state(experiment) == "completed"


@rule("FIS-34")
def test_a_stopped_experiment_gives_the_cpu_back_at_once(stage: Stage) -> None:
    [web] = stage.instances()
    experiment = stage.start(command("CPU-Stress", DurationSeconds="300"))
    stage.on.run(30)
    assert stage.on.world.machine(web).cpu_left == 1.0
    stage.fis.stop_experiment(id=experiment)
    stage.on.run(5)
    assert (stage.on.world.machine(web).cpu_left, stage.state(experiment)) == (100.0, "stopped")


@rule("FIS-34")
def test_the_application_of_a_target_is_killed_and_its_machine_runs_on(stage: Stage) -> None:
    [web] = stage.instances()
    experiment = stage.start(command("Kill-Process", ProcessName="gunicorn"))
    stage.on.run(30)
    machine = stage.on.world.machine(web)
    assert (machine.running, machine.answers_from, stage.states(web)) == (True, None, ["running"])
    stage.on.run(300)
    assert stage.state(experiment) == "completed"


def test_somebody_who_clears_the_fault_fails_the_action(stage: Stage) -> None:
    stage.instances()
    experiment = stage.start(command("CPU-Stress", DurationSeconds="300"))
    stage.on.run(30)
    [fault] = stage.on.sandbox.faults.active()
    stage.on.sandbox.faults.clear(fault.id)
    stage.on.run(10)
    assert (stage.state(experiment), stage.actions(experiment)) == ("failed", {"act": "failed"})
    assert fault.id in stage.reason(experiment)


def script(text: str, duration: str = "PT5M") -> dict[str, object]:
    """A parameter of an action has no spaces."""
    named = {"documentArn": "arn:aws:ssm:us-east-1::document/AWS-RunShellScript", "duration": duration}
    given = json.dumps({"commands": text}, separators=(",", ":")).replace(" ", "\\u0020")
    return on("aws:ssm:send-command", "Instances", "aws:ec2:instance", WEB, documentParameters=given, **named)


@rule("FIS-29")
def test_a_shell_script_runs_on_the_targets_and_the_action_lasts_as_long_as_its_duration(stage: Stage) -> None:
    [web], _ = stage.instances(), stage.instances(team="db")
    ran: list[tuple[str, str]] = []

    def run(machine: Machine, command: MachineCommand) -> ScriptedCommand:
        ran.append((machine.instance_id, command.argv[-1]))
        return ScriptedCommand()

    stage.on.world.command = run
    experiment = stage.start(script("rm -rf /srv"))
    stage.on.run(30)
    assert (ran, stage.state(experiment)) == ([(web, "rm -rf /srv")], "running")
    stage.on.run(300)
    assert stage.state(experiment) == "completed"


@rule("FIS-29")
def test_a_script_that_fails_fails_the_action_with_its_output(stage: Stage) -> None:
    stage.instances()
    stage.on.world.command = lambda machine, command: ScriptedCommand(exit_code=2, stderr=b"no such service\n")
    experiment = stage.start(script("systemctl stop web"))
    stage.on.run(30)
    assert stage.state(experiment) == "failed" and "no such service" in stage.reason(experiment)


@rule("FIS-29")
def test_a_script_that_still_runs_is_canceled_when_the_action_ends(stage: Stage) -> None:
    stage.instances()
    stage.on.world.command = lambda machine, command: ScriptedCommand(duration=timedelta(hours=1))
    experiment = stage.start(script("sleep 3600", "PT2M"))
    stage.on.run(150)
    [command] = stage.on.client("ssm").list_commands()["Commands"]
    assert (command["Status"], stage.state(experiment)) == ("Cancelled", "completed")


def test_a_document_that_the_account_does_not_have_fails_the_action(stage: Stage) -> None:
    stage.instances()
    named = {"documentArn": "arn:aws:ssm:us-east-1:123456789012:document/mine", "duration": "PT5M"}
    experiment = stage.start(on("aws:ssm:send-command", "Instances", "aws:ec2:instance", WEB, **named))
    stage.on.run(30)
    assert stage.state(experiment) == "failed" and "Document with name mine does not exist." in stage.reason(experiment)


@rule("FIS-43")
@pytest.mark.parametrize(
    ("name", "tags", "kind", "values"),
    [
        ("az-application-slowdown", {"AZApplicationSlowdown": "LatencyForEC2"}, "latency", {"milliseconds": 200}),
        ("cross-az-traffic-slowdown", {"CrossAZTrafficSlowdown": "PacketLossForEC2"}, "packet-loss", {"percent": 15}),
    ],
)
def test_the_slow_networks_of_the_ready_templates(stage: Stage, name: str, tags: dict[str, str], kind: str, values: dict[str, int]) -> None:
    [web] = stage.instances(1, **tags)
    zone = stage.on.client("ec2").describe_instances(InstanceIds=[web])["Reservations"][0]["Instances"][0]["Placement"]["AvailabilityZone"]
    made = TEMPLATES[name](Wanted(zone=zone, role=ROLE, duration=timedelta(minutes=30)))
    experiment = stage.start(made.request)
    stage.on.run(60)
    [fault] = stage.on.sandbox.faults.active()
    assert (fault.kind, fault.targets) == (kind, (web,)) and fault.parameters.items() >= values.items()
    stage.on.run(1800)
    assert (stage.state(experiment), stage.on.sandbox.faults.active()) == ("completed", ())
