"""What users do to EC2 instances, members of groups or not."""

import random

from tests.support.exploration.account import Account
from tests.support.exploration.registry import operation
from tests.support.fleet import AMI


@operation
def run_instance(account: Account, pick: random.Random) -> None:
    subnet = pick.choice(account.subnets(pick))
    behaviour = pick.choice(["stop", "terminate"])
    made = account.ec2.run_instances(
        ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet, InstanceInitiatedShutdownBehavior=behaviour
    )
    account.taken_out |= {instance["InstanceId"] for instance in made["Instances"]}


@operation
def terminate_instance(account: Account, pick: random.Random) -> None:
    account.ec2.terminate_instances(InstanceIds=[account.instance(pick)])


@operation
def stop_instance(account: Account, pick: random.Random) -> None:
    account.ec2.stop_instances(InstanceIds=[account.instance(pick)], Force=pick.random() < 0.5)


@operation
def start_instance(account: Account, pick: random.Random) -> None:
    account.ec2.start_instances(InstanceIds=[account.instance(pick, "stopping", "stopped")])


@operation
def reboot_instance(account: Account, pick: random.Random) -> None:
    account.ec2.reboot_instances(InstanceIds=[account.instance(pick)])


@operation
def protect_from_termination(account: Account, pick: random.Random) -> None:
    instance_id = account.instance(pick)
    account.ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": pick.random() < 0.5})


@operation
def monitor_instance(account: Account, pick: random.Random) -> None:
    change = pick.choice([account.ec2.monitor_instances, account.ec2.unmonitor_instances])
    change(InstanceIds=[account.instance(pick)])


@operation
def tag_instance(account: Account, pick: random.Random) -> None:
    account.ec2.create_tags(Resources=[account.instance(pick)], Tags=[{"Key": "Name", "Value": f"n{pick.randint(0, 9)}"}])
