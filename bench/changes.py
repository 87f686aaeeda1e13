"""100 changes of the load balancer's configuration under a steady load: how many requests fail. Half of the connections are kept alive."""

import time
from collections.abc import Callable, Iterator
from itertools import count, islice

from bench.kit.figure import Figure, at_most
from bench.kit.lb import Scene, described, under_load
from bench.kit.sandboxes import healthy, target_group, until

CHANGES, RATE = 100, 300.0
PACE = 0.2  # seconds of load after each change: about 60 requests


def measure() -> list[Figure]:
    with under_load(4, RATE, speed=20) as scene:
        for change in islice(_changes(scene), CHANGES):
            change()
            time.sleep(PACE)
            assert _well(scene), scene.client.get("health")
        sent, failures = scene.load.stop()
    seen = ", ".join(f"{what} {number}x" for what, number in failures.items()) or "all 200"
    method = f"{CHANGES} changes of targets, rules, target groups and listeners; {sent} requests at {RATE:g} a second: {seen}"
    return [at_most("requests failed by configuration changes", float(sum(failures.values())), "requests", 0.0, method)]


def _well(scene: Scene) -> bool:
    return bool(scene.client.get("health")["status"] == "ok")


def _changes(scene: Scene) -> Iterator[Callable[[], object]]:
    """API calls that change the configuration, round after round; each round removes what it created."""
    elbv2 = scene.client.aws("elbv2")
    to_the_group = [{"Type": "forward", "TargetGroupArn": scene.group}]
    balancer = elbv2.describe_listeners(ListenerArns=[scene.listener])["Listeners"][0]["LoadBalancerArn"]
    ids = healthy(scene.client, scene.group)
    for number in count():
        leaving = [ids[number % len(ids)]]
        made: dict[str, str] = {}

        def rule(made: dict[str, str] = made) -> None:
            conditions = [{"Field": "path-pattern", "Values": ["/*"]}]
            answer = elbv2.create_rule(ListenerArn=scene.listener, Priority=10, Conditions=conditions, Actions=to_the_group)
            made["rule"] = answer["Rules"][0]["RuleArn"]

        def group(number: int = number, made: dict[str, str] = made) -> None:
            made["group"] = target_group(scene.client, f"bench-{number}", TargetType="ip")

        def listener(made: dict[str, str] = made) -> None:
            forward = [{"Type": "forward", "TargetGroupArn": made["group"]}]
            answer = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=81, DefaultActions=forward)
            made["listener"] = answer["Listeners"][0]["ListenerArn"]

        def back(leaving: list[str] = leaving) -> None:
            elbv2.register_targets(TargetGroupArn=scene.group, Targets=described(leaving))
            until("it is healthy again", lambda: len(healthy(scene.client, scene.group)) == len(ids), 30)

        yield lambda leaving=leaving: elbv2.deregister_targets(TargetGroupArn=scene.group, Targets=described(leaving))
        yield rule
        yield group
        yield listener
        yield lambda: elbv2.modify_target_group(TargetGroupArn=scene.group, UnhealthyThresholdCount=3)
        yield back
        yield lambda made=made: elbv2.delete_rule(RuleArn=made["rule"])
        yield lambda: elbv2.modify_listener(ListenerArn=scene.listener, DefaultActions=to_the_group)
        yield lambda made=made: elbv2.delete_listener(ListenerArn=made["listener"])
        yield lambda made=made: elbv2.delete_target_group(TargetGroupArn=made["group"])
