"""24 hours at speed 60, which take 24 minutes: whether the control plane's memory stays constant while everything repeats.

Each hour, one instance of the group is terminated and replaced, and an alarm changes to ALARM and back and notifies a topic. There are
requests all the time.
"""

import sys
from collections.abc import Callable, Sequence

from bench.instances.fleet import OWN_MEMORY, memory
from bench.kit.containers import Containers
from bench.kit.figure import NO_DOCKER, Figure, at_most, not_measured, without_goal
from bench.kit.sandboxes import auto_scaling_group, healthy, load_balancer, sandbox, target_group, until
from bench.kit.steady_load import SteadyLoad
from sandbox.client import Client
from sandbox.launch.compose import docker_problem

NAME = "control plane's memory in 24 h at speed 60"
SPEED, HOURS, SIZE, RATE, ALARMS = 60, 24, 3, 20.0, 100
GOAL = 3.0  # percent that the last eight hours may use more than the eight hours before
SLOW_CHECKS = {"HealthCheckIntervalSeconds": 240, "HealthCheckTimeoutSeconds": 120}  # 4 and 2 real seconds


def measure() -> list[Figure]:
    if (obstacle := docker_problem()) is not None:
        return [not_measured(NAME, f"{NO_DOCKER} ({obstacle})")]
    containers = Containers()
    with sandbox("docker", speed=SPEED, cores_per_vcpu=0.1) as client:
        group = target_group(client, "bench", **SLOW_CHECKS)
        _, url = load_balancer(client, "bench", group)
        auto_scaling_group(client, "bench", group, SIZE)
        until("all are healthy", lambda: len(healthy(client, group)) == SIZE, 120)
        alarm = watched(client)
        samples = [an_hour(client, group, url, alarm, lambda: own_memory(containers)) for _ in range(HOURS)]
    return figures([sample for sample, _, _ in samples], sum(sent for _, sent, _ in samples), sum(failed for _, _, failed in samples))


def own_memory(containers: Containers) -> float:
    """MB, PSS."""
    return memory(containers.execute("sandbox", "python3", "-c", OWN_MEMORY))["Pss"]


def watched(client: Client) -> str:
    """Creates a policy with its alarms, a hundred more alarms, and a topic with a subscriber. → the name of the alarm to change."""
    autoscaling, cloudwatch, sns = (client.aws(service) for service in ("autoscaling", "cloudwatch", "sns"))
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="bench", MinSize=SIZE)  # so that the policy does not scale the idle group in
    target = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 70.0}
    autoscaling.put_scaling_policy(
        AutoScalingGroupName="bench", PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=target
    )
    topic = sns.create_topic(Name="bench")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100")
    for number in range(ALARMS):
        cloudwatch.put_metric_alarm(
            AlarmName=f"cpu-{number}",
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "AutoScalingGroupName", "Value": "bench"}],
            Statistic="Average",
            Period=60,
            Threshold=99.0,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=3,
            AlarmActions=[topic],
        )
    return "cpu-0"


def an_hour(client: Client, group: str, url: str, alarm: str, sample: Callable[[], float]) -> tuple[float, int, int]:
    """→ memory at its end in MB, requests sent, requests that failed."""
    end = client.now().timestamp() + 3600
    load = SteadyLoad(url, RATE)
    client.aws("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="every hour")
    client.aws("ec2").terminate_instances(InstanceIds=healthy(client, group)[:1])
    until("the hour is over and all are healthy", lambda: client.now().timestamp() >= end and len(healthy(client, group)) == SIZE, 180, 1.0)
    sent, failures = load.stop()
    taken = sample()
    print(f"bench: day: {taken:.1f} MB, {sent} requests, failed: {failures or 'none'}", file=sys.stderr, flush=True)
    return taken, sent, sum(failures.values())


def figures(hours: Sequence[float], sent: int, failed: int) -> list[Figure]:
    """`hours`: MB at the end of each."""
    third = len(hours) // 3
    first, middle, last = (max(hours[n * third : (n + 1) * third]) for n in range(3))
    method = f"PSS, highest: {first:.0f} MB in the first third, {middle:.0f} in the second, {last:.0f} in the last"
    return [
        at_most(NAME, 100 * (last / middle - 1), "% grown", GOAL, method),
        without_goal("requests that failed meanwhile", float(failed), "requests", f"of {sent}, with {len(hours)} members terminated"),
    ]
