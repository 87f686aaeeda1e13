"""Whatever a stack is updated to, and whatever fails or is cancelled on the way: it is as its template says, or as it was before.

Templates of a VPC with subnets and queues, some of them impossible. After each update the account is compared with the stack.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import rule
from tests.support.services.stacks import Stacks, make

Resources = dict[str, dict[str, Any]]
World = tuple[list[str], list[tuple[Any, ...]], list[tuple[str, str]]]


@dataclass
class Story:
    """One stack through several updates. `well`: the world when the stack was last complete."""

    on: Stacks
    chance: random.Random
    well: tuple[World, dict[str, str], Any] | None = None

    def template(self) -> str:
        """A subnet in 10.77.0.0/16, or in a block that another has, is one that EC2 refuses."""
        block, version = self.chance.choice((1, 1, 1, 2)), str(self.chance.randint(1, 3))
        net = {"CidrBlock": f"10.{block}.0.0/16", "Tags": [{"Key": "version", "Value": version}]}
        resources: Resources = {"Net": {"Type": "AWS::EC2::VPC", "Properties": net}}
        subnets = [f"Zone{n}" for n in range(4) if self.chance.random() < 0.7]
        for name in subnets:
            resources[name] = self._subnet(str(block), name)
        for name in ("First", "Second"):
            if self.chance.random() < 0.6:
                resources[name] = self._queue(subnets)
        return json.dumps({"Resources": resources, "Outputs": {"Net": {"Value": {"Ref": "Net"}}}})

    def _subnet(self, block: str, name: str) -> dict[str, Any]:
        third = self.chance.randint(1, 60) if self.chance.random() < 0.4 else 100 + int(name[-1])
        second = block if self.chance.random() < 0.93 else "77"
        properties = {"CidrBlock": f"10.{second}.{third}.0/24", "MapPublicIpOnLaunch": self.chance.random() < 0.5}
        return {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Net"}, **properties}}

    def _queue(self, subnets: list[str]) -> dict[str, Any]:
        properties: dict[str, Any] = {"DelaySeconds": self.chance.choice((0, 5, 10))}
        if self.chance.random() < 0.5:
            properties["FifoQueue"] = True
        if subnets and self.chance.random() < 0.4:
            properties["Tags"] = [{"Key": "zone", "Value": {"Ref": self.chance.choice(subnets)}}]
        return {"Type": "AWS::SQS::Queue", "Properties": properties}

    def world(self) -> World:
        sqs = self.on.sandbox.client("sqs")
        subnets = [s for s in self.on.ec2.describe_subnets()["Subnets"] if not s["DefaultForAz"]]
        described = sorted((s["SubnetId"], s["CidrBlock"], s["MapPublicIpOnLaunch"]) for s in subnets)
        urls = sqs.list_queues().get("QueueUrls", [])
        names = ["DelaySeconds", "FifoQueue"]
        queues = [(url.rpartition("/")[2], str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"])) for url in urls]
        return sorted(self.on.vpcs()), described, sorted(queues)

    def seen(self) -> tuple[World, dict[str, str], Any]:
        return self.world(), self.on.physical_ids("x"), self.on.described("x").get("Outputs")

    def update(self) -> None:
        """Some updates are cancelled in the middle, some are not rolled back."""
        template = self.template()
        try:
            self.on.cfn.update_stack(StackName="x", TemplateBody=template, DisableRollback=self.chance.random() < 0.15)
        except self.on.cfn.exceptions.ClientError as error:
            assert error.response["Error"]["Message"] == "No updates are to be performed."
            return
        if self.chance.random() < 0.2:
            self.on.sandbox.run(self.chance.randint(0, 6) / 1000)
            if self.on.status("x")[0] == "UPDATE_IN_PROGRESS":
                self.on.cfn.cancel_update_stack(StackName="x")
        self.on.sandbox.run(120)
        status = self.on.status("x")[0]
        self._check(status, json.loads(template)["Resources"])

    def _check(self, status: str, wanted: Mapping[str, Any]) -> None:
        if status == "UPDATE_ROLLBACK_COMPLETE":
            assert self.seen() == self.well
        elif status == "UPDATE_COMPLETE":
            assert self.on.physical_ids("x").keys() == wanted.keys()
            (_, subnets, queues), known, _ = self.seen()
            assert {s[0] for s in subnets} | {q[0] for q in queues} <= {value.rpartition("/")[2] for value in known.values()}
        else:
            assert status == "UPDATE_FAILED"


@rule("CFN-13")
@pytest.mark.parametrize("seed", range(2))
def test_a_stack_is_what_its_template_says_or_what_it_was(seed: int) -> None:
    story = Story(make(seed=seed), random.Random(seed))
    empty = story.world()
    for _ in range(3):
        stack_id = story.on.create("x", story.template())
        for _ in range(4):
            status = story.on.status("x")[0]
            if status == "ROLLBACK_COMPLETE":
                break
            if status != "UPDATE_FAILED":
                story.well = story.seen()
            story.update()
        story.on.delete("x", seconds=900)
        assert story.world() == empty, story.on.events(stack_id)
    events = story.on.sandbox.sandbox.journal.events()
    assert [e.summary for e in events if e.detail_type in ("Sandbox Fault", "Reconcile failed")] == []
