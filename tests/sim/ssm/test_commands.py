"""Run Command in virtual time: what a command and its invocations go through, from SendCommand to their end."""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.drivers.world import ScriptedCommand
from tests.support import rule
from tests.support.services.ssm.stage import Stage


@rule("SSM-5", "SSM-6")
def test_a_command_that_succeeds_goes_from_pending_to_success_with_its_output(stage: Stage) -> None:
    [web] = stage.instances()
    stage.answers["uptime"] = ScriptedCommand(stdout=b"up\n", duration=timedelta(seconds=5))
    command = stage.send("uptime", web)
    assert stage.status(command) == ("Pending", "Pending")
    stage.on.run(1)
    assert (stage.status(command), stage.invocation(command, web)["Status"]) == (("InProgress", "InProgress"), "InProgress")
    assert stage.invocation(command, web)["StandardOutputContent"] == ""
    stage.on.run(10)
    found = stage.invocation(command, web)
    assert (found["Status"], found["ResponseCode"], found["StandardOutputContent"]) == ("Success", 0, "up\n")
    assert (found["PluginName"], found["ExecutionElapsedTime"]) == ("aws:runShellScript", "PT5S")
    assert (stage.status(command), stage.ran) == (("Success", "Success"), [(web, "uptime")])


@rule("SSM-6")
def test_a_script_that_fails_tells_its_code_and_both_streams(stage: Stage) -> None:
    [web] = stage.instances()
    stage.answers["false"] = ScriptedCommand(exit_code=3, stdout=b"some\n", stderr=b"bad\n")
    command = stage.send("false", web)
    stage.on.run(5)
    found = stage.invocation(command, web)
    assert (found["Status"], found["StatusDetails"], found["ResponseCode"]) == ("Failed", "Failed", 3)
    assert found["StandardErrorContent"] == "bad\nfailed to run commands: exit status 3"
    [shown] = stage.ssm.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
    assert shown["CommandPlugins"][0]["Output"] == "some\n\n----------ERROR-------\nbad\nfailed to run commands: exit status 3"
    assert stage.status(command) == ("Failed", "Failed")


@rule("SSM-6")
def test_long_output_is_cut_at_aws_s_limits_and_says_so(stage: Stage) -> None:
    [web] = stage.instances()
    stage.answers["cat"] = ScriptedCommand(stdout=b"x" * 60_000, stderr=b"y" * 60_000)
    command = stage.send("cat", web)
    stage.on.run(5)
    found = stage.invocation(command, web)
    assert [len(found[each]) for each in ("StandardOutputContent", "StandardErrorContent")] == [24_000, 8_000]
    assert found["StandardOutputContent"].endswith("truncated---")


@rule("SSM-4")
def test_a_script_that_runs_longer_than_its_execution_timeout_times_out(stage: Stage) -> None:
    [web] = stage.instances()
    command = stage.send(stage.takes("sleep", 600), web, parameters={"executionTimeout": ["60"]})
    stage.on.run(30)
    assert stage.status(command) == ("InProgress", "InProgress")
    stage.on.run(60)
    assert (stage.status(command), stage.invocation(command, web)["ResponseCode"]) == (("TimedOut", "ExecutionTimedOut"), 137)


@rule("SSM-4")
def test_a_node_that_never_answers_makes_the_delivery_time_out_and_one_that_answers_again_gets_the_command(stage: Stage) -> None:
    lost, back = stage.instances(2)
    for each in (lost, back):
        stage.on.world.machine(each).impaired = True
    command = stage.send("uptime", lost, back, TimeoutSeconds=60)
    stage.on.run(30)
    assert (stage.invocations(command), stage.ran) == (["Delayed", "Delayed"], [])
    stage.on.world.machine(back).impaired = False
    stage.on.run(60)
    assert (stage.invocations(command), stage.ran) == (["DeliveryTimedOut", "Success"], [(back, "uptime")])
    assert stage.command(command)["DeliveryTimedOutCount"] == 1


@rule("SSM-5")
def test_a_node_that_is_terminated_before_the_command_reaches_it_is_undeliverable(stage: Stage) -> None:
    [web] = stage.instances()
    stage.on.world.machine(web).impaired = True
    command = stage.send("uptime", web)
    stage.on.run(5)
    stage.on.client("ec2").terminate_instances(InstanceIds=[web])
    stage.on.run(5)
    assert (stage.invocations(command), stage.status(command)) == (["Undeliverable"], ("Failed", "Undeliverable"))


def test_a_machine_that_is_terminated_while_the_script_runs_ends_the_invocation(stage: Stage) -> None:
    [web] = stage.instances()
    command = stage.send(stage.takes("sleep", 600), web)
    stage.on.run(5)
    stage.on.client("ec2").terminate_instances(InstanceIds=[web])
    stage.on.run(5)
    assert stage.invocations(command) == ["Undeliverable"]
    assert stage.invocation(command, web)["StandardErrorContent"] == "The instance was terminated while the command ran."


@rule("SSM-7")
def test_no_more_invocations_run_at_once_than_max_concurrency_allows(stage: Stage) -> None:
    stage.instances(4)
    command = stage.send(stage.takes("sleep", 10), MaxConcurrency="50%")
    stage.on.run(5)
    assert sorted(stage.invocations(command)) == ["InProgress", "InProgress", "Pending", "Pending"]
    stage.on.run(20)
    assert (stage.invocations(command), stage.status(command)) == (["Success"] * 4, ("Success", "Success"))


@rule("SSM-7")
def test_more_errors_than_max_errors_keep_the_other_nodes_from_getting_the_command(stage: Stage) -> None:
    stage.instances(4)
    command = stage.send(stage.takes("false", 1, exit_code=1), MaxConcurrency="1", MaxErrors="1")
    stage.on.run(20)
    assert stage.invocations(command) == ["Failed", "Failed", "Terminated", "Terminated"]
    assert (stage.status(command), stage.command(command)["ErrorCount"], len(stage.ran)) == (("Failed", "Failed"), 2, 2)


@rule("SSM-7")
def test_errors_within_max_errors_leave_a_command_incomplete(stage: Stage) -> None:
    stage.instances(2)
    command = stage.send(stage.takes("false", 1, exit_code=1), MaxErrors="2")
    stage.on.run(20)
    assert stage.status(command) == ("Failed", "Incomplete")


@rule("SSM-5")
def test_a_canceled_command_is_killed_where_it_runs_and_never_sent_elsewhere(stage: Stage) -> None:
    stage.instances(2)
    command = stage.send(stage.takes("sleep", 600), MaxConcurrency="1")
    stage.on.run(5)
    stage.ssm.cancel_command(CommandId=command)
    assert stage.status(command) == ("Cancelling", "Cancelling")
    stage.on.run(10)
    assert (stage.invocations(command), stage.status(command)) == (["Cancelled", "Cancelled"], ("Cancelled", "Cancelled"))
    assert len(stage.ran) == 1 and not stage.on.sandbox.simulated.commands.is_running("")


@rule("SSM-3")
def test_targets_are_chosen_by_tag_and_none_is_a_success_of_its_own_kind(stage: Stage) -> None:
    web, db = stage.instances(), stage.instances(team="db")
    command = stage.send("uptime")
    absent = stage.ssm.send_command(
        DocumentName="AWS-RunShellScript", Parameters={"commands": ["x"]}, Targets=[{"Key": "tag:team", "Values": ["no"]}]
    )["Command"]["CommandId"]
    stage.on.run(5)
    assert [instance for instance, _ in stage.ran] == web and db[0] not in web
    assert stage.status(absent) == ("Success", "NoInstancesInTag")
    assert stage.status(command) == ("Success", "Success")


@rule("SSM-9")
def test_every_step_of_a_command_is_an_event_whose_causes_lead_to_the_call(stage: Stage) -> None:
    [web] = stage.instances()
    command = stage.send("uptime", web)
    stage.on.run(5)
    journal = stage.on.sandbox.journal
    told = [(each.detail_type, each.detail.get("status")) for each in journal.about(command) if each.source == "aws.ssm"]
    invocation, whole = "EC2 Command Invocation Status-change Notification", "EC2 Command Status-change Notification"
    assert told == [
        (whole, "Pending"), (invocation, "InProgress"), (whole, "InProgress"), (invocation, "Success"), (whole, "Success"),
    ]  # fmt: skip
    event = journal.about(command)[-1]
    names = []
    while event.cause:
        found = journal.get(event.cause)
        assert found is not None
        event = found
        names.append(event.detail.get("eventName", event.detail_type))
    assert names[-1] == "SendCommand"


def test_a_script_that_ran_when_the_control_plane_was_killed_is_told_as_lost(stage: Stage, tmp_path: Path) -> None:
    web, other = stage.instances(2)
    command = stage.send(stage.takes("sleep", 600), web)
    stage.on.run(5)
    stage = stage.restarted(tmp_path)
    stage.on.run(5)
    found = stage.invocation(command, web)
    assert (found["Status"], found["ResponseCode"]) == ("Failed", -1)
    assert "its result is not known" in found["StandardErrorContent"]
    again = stage.send("uptime", other)
    stage.on.run(5)
    assert stage.status(again) == ("Success", "Success")


@rule("SSM-8")
def test_a_document_of_ones_own_runs_its_steps_in_order_also_after_one_that_failed(stage: Stage) -> None:
    [web] = stage.instances()
    content = """
schemaVersion: '2.2'
parameters:
  word: {type: String, default: hello}
mainSteps:
  - {action: 'aws:runShellScript', name: first, inputs: {runCommand: ['echo {{ word }}', 'echo {{other}}']}}
  - {action: 'aws:runShellScript', name: second, inputs: {runCommand: ['echo two']}}
"""
    stage.ssm.create_document(Name="mine", Content=content, DocumentType="Command", DocumentFormat="YAML")
    first = "echo bye\necho {{other}}"
    stage.answers[first] = ScriptedCommand(exit_code=4)
    command = stage.ssm.send_command(DocumentName="mine", InstanceIds=[web], Parameters={"word": ["bye"]})["Command"]["CommandId"]
    stage.on.run(5)
    assert [script for _, script in stage.ran] == [first, "echo two"]
    steps = [stage.ssm.get_command_invocation(CommandId=command, InstanceId=web, PluginName=each) for each in ("first", "second")]
    assert [(each["Status"], each["ResponseCode"]) for each in steps] == [("Failed", 4), ("Success", 0)]
    assert stage.status(command) == ("Failed", "Failed")


# ---- documents of AWS FIS, which are faults ---------------------------------------------------------------------------------------------


def stress(stage: Stage, instance_id: str, seconds: int) -> str:
    given = {"DurationSeconds": [str(seconds)], "LoadPercent": ["70"]}
    sent = stage.ssm.send_command(DocumentName="AWSFIS-Run-CPU-Stress", InstanceIds=[instance_id], Parameters=given)
    return str(sent["Command"]["CommandId"])


@rule("FIS-34")
def test_a_stress_document_takes_the_cpu_for_its_duration_and_succeeds(stage: Stage) -> None:
    [web] = stage.instances()
    command = stress(stage, web, 120)
    stage.on.run(60)
    assert (stage.on.world.machine(web).cpu_left, stage.status(command)[0]) == (30.0, "InProgress")
    stage.on.run(70)
    assert (stage.on.world.machine(web).cpu_left, stage.status(command)) == (100.0, ("Success", "Success"))


@rule("FIS-34")
@pytest.mark.parametrize(("end", "details"), [("cancel", "Cancelled"), ("clear", "Failed")])
def test_a_stress_document_that_is_canceled_or_whose_fault_is_cleared_ends_at_once(stage: Stage, end: str, details: str) -> None:
    [web] = stage.instances()
    command = stress(stage, web, 600)
    stage.on.run(30)
    [fault] = stage.on.sandbox.faults.active()
    if end == "cancel":
        stage.ssm.cancel_command(CommandId=command)
    else:
        stage.on.sandbox.faults.clear(fault.id)
    stage.on.run(5)
    assert (stage.on.world.machine(web).cpu_left, stage.invocations(command)) == (100.0, [details])


@rule("FIS-34")
def test_a_fault_that_this_runtime_cannot_do_is_a_failed_command_that_says_so(stage: Stage) -> None:
    [web] = stage.instances()
    given = {"DurationSeconds": ["60"], "Percent": ["50"]}
    sent = stage.ssm.send_command(DocumentName="AWSFIS-Run-Memory-Stress", InstanceIds=[web], Parameters=given)
    stage.on.run(5)
    found = stage.invocation(sent["Command"]["CommandId"], web)
    assert found["Status"] == "Failed" and "memory" in found["StandardErrorContent"]
