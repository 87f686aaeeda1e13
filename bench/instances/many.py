"""Two hundred containers that serve behind one load balancer."""

from bench.instances.fleet import SMALL, serving
from bench.kit.figure import NO_DOCKER, Figure, at_least, not_measured, without_goal
from bench.kit.sandboxes import sandbox
from sandbox.launch.compose import docker_problem

COUNT = 200
SERVING = f"{COUNT} containers serving behind one load balancer"


def measure() -> list[Figure]:
    if (obstacle := docker_problem()) is not None:
        return [not_measured(SERVING, f"{NO_DOCKER} ({obstacle})")]
    with sandbox("docker", **SMALL) as client:
        answered, seconds = serving(client, COUNT)
    method = f"an Auto Scaling group of {COUNT} in two zones: how many of them answered some of {3 * COUNT} requests"
    return [
        at_least(SERVING, float(len(answered)), "containers", float(COUNT), method),
        without_goal(f"from CreateAutoScalingGroup to all {COUNT} healthy", seconds, "s", "limits of 0.1 core and 96 MiB each"),
    ]
