"""Security groups and network ACLs around a load balancer, in virtual time: who gets an answer, and what the health checks say (SG-8)."""

from typing import Any

import pytest

from sandbox.control.endpoints import read
from tests.support import rule
from tests.support.elb import Elb
from tests.support.services.security_groups import admit_everything

HTTP = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
EVERYONE = {**HTTP, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
UNHEALTHY_AFTER = 80  # seconds: two failed checks, 30 s apart, and a timeout of 5 s
DROPPED = "Connection Dropped"


class Service:
    """A load balancer and an instance with a group each, that admit what they need."""

    def __init__(self, elb: Elb) -> None:
        self.elb = elb
        self.lb_group, self.web_group = self.group("lb"), self.group("web")
        self.from_lb = {**HTTP, "UserIdGroupPairs": [{"GroupId": self.lb_group}]}
        self.admit(self.lb_group, EVERYONE)
        self.admit(self.web_group, self.from_lb)
        self.target_group = elb.group(UnhealthyThresholdCount=2, HealthyThresholdCount=2)
        self.balancer = elb.balancer(SecurityGroups=[self.lb_group])
        self.listener = elb.listener(self.balancer, self.target_group)
        self.instance = elb.instance()
        elb.ec2.modify_instance_attribute(InstanceId=self.instance, Groups=[self.web_group])
        elb.register(self.target_group, self.instance)
        elb.wait(60)

    def group(self, name: str) -> str:
        return str(self.elb.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.elb.vpc)["GroupId"])

    def admit(self, group: str, permission: dict[str, Any]) -> None:
        self.elb.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    def revoke(self, group: str, permission: dict[str, Any]) -> None:
        self.elb.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])

    def ask(self) -> int:
        """→ the status of a response; 0: none."""
        self.elb.wait(0.1)
        return self.elb.proxy.request(self.listener).status

    @property
    def health(self) -> tuple[str, str | None]:
        return self.elb.health(self.target_group)[self.instance]


@pytest.fixture
def service(elb: Elb) -> Service:
    made = Service(elb)
    assert (made.health, made.ask()) == (("healthy", None), 200)
    return made


@rule("SG-8", "SG-6")
def test_a_client_that_the_load_balancers_group_does_not_admit_gets_no_answer_until_it_does(service: Service) -> None:
    service.revoke(service.lb_group, EVERYONE)
    assert service.ask() == 0
    service.admit(service.lb_group, {**HTTP, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]})
    assert service.ask() == 200
    assert service.health == ("healthy", None)


@rule("ALB-2", "TUT-31")
def test_a_load_balancer_without_a_group_of_its_own_has_the_default_group_which_admits_only_its_members(elb: Elb) -> None:
    default = admit_everything(elb.ec2)
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    elb.ec2.revoke_security_group_ingress(GroupId=default, IpPermissions=[everything])
    target_group, listener = elb.serving()
    elb.register(target_group, elb.instance())
    elb.wait(60)
    assert elb.states(target_group) == ["healthy"]  # the instance is a member too
    assert elb.proxy.request(listener).status == 0


@rule("SG-8", "TUT-22")
def test_a_target_whose_group_forbids_the_load_balancer_fails_its_checks_and_heals_with_the_rule(service: Service) -> None:
    service.revoke(service.web_group, service.from_lb)
    assert service.ask() == 504
    service.elb.wait(UNHEALTHY_AFTER)
    assert service.health == ("unhealthy", "Target.Timeout")
    assert service.ask() == 504  # it fails open, and the request gets no answer either
    service.admit(service.web_group, service.from_lb)
    assert service.ask() == 200
    service.elb.wait(UNHEALTHY_AFTER)
    assert service.health == ("healthy", None)


@rule("SG-10")
def test_the_change_of_health_says_which_group_did_not_admit_the_checks_and_what_changed_it(service: Service) -> None:
    journal = service.elb.journal
    service.revoke(service.web_group, service.from_lb)
    service.elb.wait(UNHEALTHY_AFTER)
    event = journal.about(service.instance)[-1]
    assert "Target.Timeout" in event.summary
    assert "ENI_SG_RULES_MISMATCH: None of the ingress rules in these security groups of eni-" in event.summary
    assert service.web_group in event.summary
    cause = journal.get(event.cause or "")
    assert cause is not None and "RevokeSecurityGroupIngress" in cause.summary


@rule("SG-10")
def test_a_listener_whose_clients_get_no_answer_is_told_once_with_the_explanation(service: Service) -> None:
    for _ in range(2):
        service.revoke(service.lb_group, EVERYONE)
        service.elb.wait(60)
        service.admit(service.lb_group, EVERYONE)
        service.elb.wait(60)
    told = [event for event in service.elb.journal.about("shop") if event.detail_type == DROPPED]
    assert len(told) == 2
    assert all(event.detail["explanations"] == ["ENI_SG_RULES_MISMATCH"] for event in told)
    assert "tcp port 80 from 203.0.113.10 to 172.31." in told[0].summary


@rule("SG-5")
def test_a_network_acl_denies_the_node_of_its_subnet_to_clients_and_a_target_to_the_other_nodes(service: Service) -> None:
    """The instance is in the first zone, whose node cannot be reached any more; the other node does not reach the instance."""
    subnet = service.elb.subnet_ids(1)[0]
    acl = service.elb.ec2.create_network_acl(VpcId=service.elb.vpc)["NetworkAcl"]["NetworkAclId"]
    [default] = service.elb.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]
    association = next(one["NetworkAclAssociationId"] for one in default["Associations"] if one["SubnetId"] == subnet)
    service.elb.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    service.elb.wait(0.1)
    zones = [each["AvailabilityZone"] for each in service.elb.subnets(2)]
    assert [service.elb.proxy.request(service.listener, node=zone).status for zone in zones] == [0, 504]
    service.elb.wait(UNHEALTHY_AFTER)
    assert service.health == ("unhealthy", "Target.Timeout")


def test_the_groups_of_a_load_balancer_can_be_exchanged(service: Service) -> None:
    other = service.group("other")
    service.elb.api.set_security_groups(LoadBalancerArn=service.balancer, SecurityGroups=[other])
    assert service.ask() == 0
    service.admit(other, EVERYONE)
    assert service.ask() == 504  # the instance's group admits the first group only
    service.admit(service.web_group, {**HTTP, "UserIdGroupPairs": [{"GroupId": other}]})
    assert service.ask() == 200


def test_a_port_of_the_health_check_that_is_not_admitted_makes_a_serving_target_unhealthy(service: Service) -> None:
    service.elb.api.modify_target_group(TargetGroupArn=service.target_group, HealthCheckPort="8080")
    service.elb.wait(UNHEALTHY_AFTER)
    assert (service.health, service.ask()) == (("unhealthy", "Target.Timeout"), 200)


def test_the_list_of_endpoints_says_that_clients_of_a_listener_get_no_answer(service: Service) -> None:
    service.revoke(service.lb_group, EVERYONE)
    service.elb.wait(0.1)
    assert [each.silent for each in read(service.elb.api, service.elb.proxy)] == [True]
    service.admit(service.lb_group, EVERYONE)
    service.elb.wait(0.1)
    assert [each.silent for each in read(service.elb.api, service.elb.proxy)] == [False]
