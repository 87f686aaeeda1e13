"""What test_aioboto3.py runs with the Python of .venv-clients: many clients of one event loop make, change, break and delete a service.

Prints one JSON object with what it saw.
"""

import asyncio
import json
import sys

import aioboto3

AMI = "ami-0c047a86012500412"
NAME = "aioboto3"
QUICK = {"Delay": 1, "MaxAttempts": 60}


async def messages(session: aioboto3.Session) -> dict[str, object]:
    """Thirty messages published at once arrive through a queue, and paginators list what was made."""
    async with session.client("sns") as sns, session.client("sqs") as sqs:
        topics = await asyncio.gather(*(sns.create_topic(Name=f"{NAME}-{n}") for n in range(12)))
        again = await sns.create_topic(Name=f"{NAME}-0")
        queue = (await sqs.create_queue(QueueName=NAME))["QueueUrl"]
        arn = (await sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
        topic = topics[0]["TopicArn"]
        await sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        waiting = asyncio.create_task(receive(sqs, queue, 30))
        await asyncio.gather(*(sns.publish(TopicArn=topic, Message=str(n)) for n in range(30)))
        bodies = await asyncio.wait_for(waiting, 60)
        listed = [each["TopicArn"] async for page in sns.get_paginator("list_topics").paginate() for each in page["Topics"]]
        await asyncio.gather(*(sns.delete_topic(TopicArn=each["TopicArn"]) for each in topics), sqs.delete_queue(QueueUrl=queue))
        return {
            "same": again["TopicArn"] == topic,
            "bodies": sorted(bodies, key=int),
            "listed": sum(NAME in each for each in listed),
        }


async def receive(sqs: object, queue: str, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        answer = await sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        for each in answer.get("Messages", []):
            found.append(each["Body"])
            await sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return found


async def group(session: aioboto3.Session) -> dict[str, object]:
    """A group is made, one of its members is terminated and replaced, and everything is deleted; waiters wait for the instances."""
    async with session.client("ec2") as ec2, session.client("autoscaling") as autoscaling:
        await ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.micro"})
        await autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=NAME, LaunchTemplate={"LaunchTemplateName": NAME}, MinSize=1, MaxSize=2, DesiredCapacity=2,
            AvailabilityZones=["us-east-1a", "us-east-1b"],
        )  # fmt: skip
        first = await in_service(autoscaling, 2)
        await ec2.get_waiter("instance_running").wait(InstanceIds=sorted(first), WaiterConfig=QUICK)
        victim = min(first)
        await ec2.terminate_instances(InstanceIds=[victim])
        await ec2.get_waiter("instance_terminated").wait(InstanceIds=[victim], WaiterConfig=QUICK)
        second = await in_service(autoscaling, 2, without=victim)
        await autoscaling.update_auto_scaling_group(AutoScalingGroupName=NAME, MinSize=0, DesiredCapacity=0)
        await ec2.get_waiter("instance_terminated").wait(InstanceIds=sorted(second), WaiterConfig=QUICK)
        await autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
        await ec2.delete_launch_template(LaunchTemplateName=NAME)
        return {"replaced": len(second - first)}


async def in_service(autoscaling: object, count: int, without: str = "") -> set[str]:
    for _ in range(240):
        found = (await autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME]))["AutoScalingGroups"][0]["Instances"]
        members = {each["InstanceId"] for each in found if each["LifecycleState"] == "InService"}
        if len(members) == count and without not in members:
            return members
        await asyncio.sleep(0.25)
    raise TimeoutError(f"no {count} members in service")


async def story() -> dict[str, object]:
    session = aioboto3.Session()
    one, other = await asyncio.gather(messages(session), group(session))
    return one | other


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(story())))
