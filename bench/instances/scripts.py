"""Ten instances that run the tutorial's deploy.sh as user data: from RunInstances to the last of them that answers."""

import time

from bench.kit.containers import Containers
from bench.kit.figure import NO_DOCKER, Figure, at_most, not_measured
from bench.kit.sandboxes import IMAGE, admit_everything, sandbox, subnets
from sandbox.images import MACHINE
from sandbox.launch.compose import docker_problem

COUNT, GOAL = 10, 8.0  # seconds
DEPLOYED = f"{COUNT} instances with deploy.sh, to the last answer"


def measure() -> list[Figure]:
    if (obstacle := docker_problem()) is not None:
        return [not_measured(DEPLOYED, f"{NO_DOCKER} ({obstacle})")]
    containers = Containers()
    script = (MACHINE / "deploy.sh").read_text()
    script = script[script.index("#!") :]  # without the caption line, with which it is not run
    with sandbox("docker", cores_per_vcpu=1) as client, containers.poller() as poller:
        ec2, subnet = client.aws("ec2"), subnets(client, 1)[0]["SubnetId"]
        admit_everything(ec2)
        began = time.time()
        made = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=COUNT, MaxCount=COUNT, SubnetId=subnet, UserData=script)[
            "Instances"
        ]
        seconds = max(poller.first_200(instance["PrivateIpAddress"]) for instance in made) - began
    return [
        at_most(DEPLOYED, seconds, "s", GOAL, "RunInstances of all at once; each answers on port 80 when its script has started the app")
    ]
