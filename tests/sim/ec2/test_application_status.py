"""Application status checks in a whole sandbox in virtual time: what is probed, what EC2 shows, what Auto Scaling does, and what a restart
leaves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.drivers.world import App
from tests.support import Fleet, rule, virtual_sandbox
from tests.support.aws import IMAGE

CAUSE = "an instance was taken out of service in response to an EC2 application status check failure."


class Group:
    """A group of three healthy instances of health check type EC2, and a check of port 80 that begins a minute after a launch."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.on = fleet, fleet.on
        self.ec2 = fleet.on.client("ec2")
        made = self.ec2.create_application_status_check(Protocol="http", Port=80, Path="/health", InitializationGracePeriodSeconds=60)
        self.check: str = made["ApplicationStatusCheck"]["ApplicationStatusCheckId"]

    def associate(self, **targets: Any) -> "Group":
        targets = targets or {"TargetTagAssociations": [{"Key": "aws:autoscaling:groupName", "Value": self.fleet.name}]}
        self.ec2.associate_application_status_check(ApplicationStatusCheckId=self.check, **targets)
        return self

    def modify(self, **more: Any) -> None:
        self.ec2.modify_application_status_check(ApplicationStatusCheckId=self.check, **more)

    def status(self, instance: str) -> dict[str, Any]:
        (found,) = self.ec2.describe_application_status(InstanceIds=[instance])["ApplicationStatuses"]["Instances"]
        return dict(found["ApplicationStatus"])

    def statuses(self) -> list[str]:
        return [self.status(instance)["Status"] for instance in self.fleet.in_service()]

    def answers(self, instance: str, status: int) -> None:
        self.on.world.machine(instance).status_code = status

    def replaced(self) -> list[str]:
        """Causes of the terminations."""
        return [each["Cause"] for each in self.fleet.activities() if each["Description"].startswith("Terminating")]


@pytest.fixture
def group() -> Group:
    fleet = Fleet(virtual_sandbox()).make(HealthCheckType="EC2")
    fleet.on.run(60)
    assert fleet.well()
    return Group(fleet)


@rule("ASG-126", "EC2-82", "EC2-83")
def test_a_group_whose_application_answers_500_gets_a_replacement_without_any_configuration(group: Group) -> None:
    group.associate().on.run(130)
    assert group.statuses() == ["ok"] * 3
    ill, *others = group.fleet.in_service()
    group.answers(ill, 500)
    group.on.run(200)
    assert [cause.partition("Z ")[2] for cause in group.replaced()] == [CAUSE]
    assert set(others) < set(group.fleet.in_service()) and ill not in group.fleet.members()
    group.on.run(200)
    assert group.statuses() == ["ok"] * 3 and group.fleet.well()


@rule("ASG-126")
def test_the_journal_leads_from_the_replacement_back_to_the_failed_probes(group: Group) -> None:
    group.associate().on.run(130)
    ill = group.fleet.in_service()[0]
    group.answers(ill, 500)
    group.on.run(130)
    journal = group.on.sandbox.journal
    marked = next(event for event in journal.events() if event.resources[:2] == (group.fleet.name, ill) and "Unhealthy" in event.summary)
    failed = journal.get(marked.cause or "")
    assert failed is not None and failed.summary == (
        f"the application status check {group.check} of {ill} failed: 2 probes in a row (answered 500); its application status is impaired"
    )


@rule("ASG-126", "ASG-45")
def test_the_grace_period_of_the_group_holds() -> None:
    fleet = Fleet(virtual_sandbox()).make(HealthCheckType="EC2", HealthCheckGracePeriod=600)
    fleet.on.run(60)
    group = Group(fleet).associate()
    ill = fleet.in_service()[0]
    group.answers(ill, 500)
    fleet.on.run(400)
    assert group.status(ill)["Status"] == "impaired" and ill in fleet.in_service()
    fleet.on.run(300)
    assert ill not in fleet.members()


@rule("ASG-126", "EC2-84")
def test_an_excluded_check_shows_its_result_and_replaces_nothing(group: Group) -> None:
    group.modify(Aggregation="excluded")
    ill = group.associate().fleet.in_service()[0]
    group.answers(ill, 500)
    group.on.run(400)
    shown = group.status(ill)
    assert (shown["Status"], [each["Status"] for each in shown["Details"]]) == ("not-applicable", ["failed"])
    assert group.replaced() == []
    group.modify(Aggregation="included")
    assert group.status(ill)["Status"] == "impaired"
    group.on.run(60)
    assert len(group.replaced()) == 1


@rule("ASG-126", "EC2-85")
def test_a_suppressed_instance_stays_until_the_suppression_is_over(group: Group) -> None:
    ill = group.associate().fleet.in_service()[0]
    group.ec2.enable_application_status_check_suppression(InstanceIds=[ill], DurationSeconds=600)
    group.answers(ill, 500)
    group.on.run(590)
    shown = group.status(ill)
    assert (shown["Status"], [each["Status"] for each in shown["Details"]]) == ("suppressed", ["failed"])
    assert shown["ResumeAt"] - shown["StatusSince"] == timedelta(seconds=600)
    assert ill in group.fleet.in_service() and group.replaced() == []
    group.on.run(60)
    assert ill not in group.fleet.in_service()
    told = [event.summary for event in group.on.sandbox.journal.events() if "suppression" in event.summary and "is over" in event.summary]
    assert told == [f"the suppression of {ill}'s application status checks is over; its application status is impaired"]


@rule("EC2-85")
def test_a_suppression_without_a_duration_holds_until_it_is_disabled(group: Group) -> None:
    ill = group.associate().fleet.in_service()[0]
    (done,) = group.ec2.enable_application_status_check_suppression(InstanceIds=[ill])["SuccessfulResults"]
    assert "ResumeAt" not in done
    group.answers(ill, 500)
    group.on.run(7200)
    assert group.status(ill)["Status"] == "suppressed" and ill in group.fleet.in_service()
    group.ec2.disable_application_status_check_suppression(InstanceIds=[ill])
    assert group.status(ill)["Status"] == "impaired"
    group.on.run(30)
    assert ill not in group.fleet.in_service()


@rule("EC2-82")
def test_an_instance_is_monitored_while_it_has_the_tag(group: Group) -> None:
    one = group.associate(TargetTagAssociations=[{"Key": "role", "Value": "web"}]).fleet.in_service()[0]
    tag = {"Key": "role", "Value": "web"}
    group.on.run(130)
    assert group.status(one) == {"Status": "not-applicable", "Details": []}
    group.ec2.create_tags(Resources=[one], Tags=[tag])
    group.on.run(130)
    assert group.status(one)["Status"] == "ok"
    group.ec2.create_tags(Resources=[one], Tags=[{**tag, "Value": "db"}])
    assert group.status(one) == {"Status": "not-applicable", "Details": []}
    group.on.run(5)
    group.ec2.create_tags(Resources=[one], Tags=[tag])
    group.on.run(5)
    assert group.status(one)["Status"] == "initializing"  # what was known before is not known now


@rule("EC2-82", "EC2-86")
@pytest.mark.parametrize("end", ["delete", "disassociate"])
def test_monitoring_ends_with_the_association(group: Group, end: str) -> None:
    one = group.fleet.in_service()[0]
    group.associate(InstanceIds=[one]).on.run(130)
    assert group.status(one)["Status"] == "ok"
    if end == "delete":
        group.ec2.delete_application_status_check(ApplicationStatusCheckId=group.check)
    else:
        group.ec2.disassociate_application_status_check(ApplicationStatusCheckId=group.check, InstanceIds=[one])
    assert group.status(one) == {"Status": "not-applicable", "Details": []}
    group.answers(one, 500)
    group.on.run(300)
    assert group.replaced() == [] and group.on.sandbox.drivers.prober.latest(f"123456789012/us-east-1/{one}|{group.check}") is None


@rule("EC2-83")
@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda machine: setattr(machine, "status_code", 503), {"Code": "ResponseCodeMismatch", "StatusCode": 503, "Protocol": "HTTP"}),
        (lambda machine: setattr(machine, "app", App.DOWN), {"Code": "ConnectionRefused"}),
        (lambda machine: setattr(machine, "app", App.HANGING), {"Code": "ResponseTimeout"}),
        (lambda machine: setattr(machine, "frozen", True), {"Code": "ConnectionTimeout"}),
    ],
    ids=["answers 503", "does not listen", "hangs", "frozen"],
)
def test_the_reason_says_what_the_probe_found(group: Group, break_it: Any, reason: dict[str, Any]) -> None:
    made = group.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    alone = made["Instances"][0]["InstanceId"]
    group.associate(InstanceIds=[alone]).on.run(30)
    assert group.status(alone)["Status"] == "initializing"  # in its grace period
    break_it(group.on.world.machine(alone))
    group.on.run(150)
    shown = group.status(alone)
    assert (shown["Status"], shown["Details"][0]["Reason"]) == ("impaired", reason)
    (described,) = group.ec2.describe_instance_status(InstanceIds=[alone])["InstanceStatuses"]
    assert described["ApplicationStatus"] == {"Status": "impaired", "ImpairedSince": shown["StatusSince"]}
    named = {"Name": "application-status.status", "Values": ["impaired"]}
    found = group.ec2.describe_instance_status(Filters=[named])["InstanceStatuses"]
    assert [each["InstanceId"] for each in found] == [alone]
    found = group.ec2.describe_application_status(Filters=[{"Name": "status", "Values": ["impaired"]}])["ApplicationStatuses"]
    assert [each["InstanceId"] for each in found["Instances"]] == [alone]


@rule("EC2-83")
def test_nothing_is_known_of_an_instance_that_does_not_run(group: Group) -> None:
    made = group.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    alone = made["Instances"][0]["InstanceId"]
    group.associate(InstanceIds=[alone]).on.run(200)
    assert group.status(alone)["Status"] == "ok"
    group.ec2.stop_instances(InstanceIds=[alone])
    group.on.run(30)
    assert group.status(alone) == {"Status": "not-applicable", "Details": []}
    group.ec2.start_instances(InstanceIds=[alone])
    group.on.run(30)
    assert group.status(alone)["Status"] == "initializing"
    group.on.run(200)
    assert group.status(alone)["Status"] == "ok"


@rule("EC2-83")
def test_a_restart_keeps_recent_results_and_goes_on_probing(group: Group, tmp_path: Path) -> None:
    group.associate().on.run(130)
    ill = group.fleet.in_service()[0]
    after = Group.__new__(Group)
    after.on = group.on.restart(tmp_path / "state.bin")
    after.fleet, after.ec2, after.check = group.fleet.after(after.on), after.on.client("ec2"), group.check
    assert after.statuses() == ["ok"] * 3
    after.answers(ill, 500)
    after.on.run(200)
    assert ill not in after.fleet.members() and len(after.replaced()) == 1


@rule("EC2-87")
def test_the_application_status_is_a_metric(group: Group) -> None:
    one = group.fleet.in_service()[0]
    group.modify(FailureThreshold=50)
    group.associate(InstanceIds=[one]).on.run(400)
    metrics = group.on.client("cloudwatch").list_metrics(Namespace="AWS/EC2", Dimensions=[{"Name": "InstanceId", "Value": one}])["Metrics"]
    names = {each["MetricName"] for each in metrics}
    assert {"StatusCheckFailed_Application", f"StatusCheckFailed_Application_{group.check}"} <= names


@rule("EC2-82")
def test_an_account_neither_sees_nor_changes_the_checks_of_another(group: Group) -> None:
    ill = group.associate().fleet.in_service()[0]
    stranger = group.on.of("444455556666").client("ec2")
    assert stranger.describe_application_status_checks()["ApplicationStatusChecks"] == []
    assert stranger.describe_application_status()["ApplicationStatuses"]["Instances"] == []
    with pytest.raises(ClientError, match="InvalidApplicationStatusCheckId"):
        stranger.delete_application_status_check(ApplicationStatusCheckId=group.check)
    own = stranger.create_application_status_check(Protocol="http", Port=80)["ApplicationStatusCheck"]["ApplicationStatusCheckId"]
    found = stranger.associate_application_status_check(ApplicationStatusCheckId=own, InstanceIds=[ill])
    assert [each["AssociationValue"] for each in found["UnsuccessfulResults"]] == [ill]
