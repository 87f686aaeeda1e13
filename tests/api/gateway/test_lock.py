"""Calls at the same time: the lock and long polls."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sandbox.aws.context import LOCK
from tests.support.aws import Aws


def test_eight_threads_make_exactly_what_they_ask_for(aws: Aws) -> None:
    inside: list[int] = []
    most = 0

    def watch(service: str, operation: str) -> None:
        nonlocal most
        if operation == "CreateSecurityGroup":
            inside.append(1)
            most = max(most, len(inside))
            time.sleep(0)  # lets other threads run: they must not come in
            inside.pop()

    aws.faults.on_call = watch
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def make(number: int) -> str:
        return str(ec2.create_security_group(GroupName=f"g{number}", Description="d", VpcId=vpc)["GroupId"])

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(40)))
    there = {g["GroupId"] for g in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]}
    assert (len(made), made <= there, most) == (40, True, 1)
    ids = [e.id for e in aws.journal.events()]
    assert ids == sorted(ids)


def test_a_request_waits_for_the_lock(aws: Aws) -> None:
    aws("ec2").describe_vpcs()
    done = threading.Event()

    def ask() -> None:
        aws("ec2").describe_vpcs()
        done.set()

    thread = threading.Thread(target=ask)
    with LOCK:
        thread.start()
        assert not done.wait(0.05)
    assert done.wait(10)
    thread.join()


def test_a_long_poll_ends_at_once_where_the_clock_stands_still(aws: Aws) -> None:
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)
