"""The end of all faults, and what has to be true some time afterwards: every group has its desired capacity, in service, healthy and evenly
spread; nothing is under way, and no machine runs that nobody wants.

Users help where AWS, too, waits for them: what was suspended is resumed, standby ends, a wrong health check is corrected.
"""

from datetime import timedelta
from typing import Any

from sandbox.drivers.delivery.simulated import Behaviour
from sandbox.drivers.world import App
from tests.support.exploration.account import Account

PEACE = 60 * 60  # virtual seconds: launches retried after 10 minutes, replacements one at a time, draining, one rebalance
LOOK = 20  # virtual seconds between two looks


class Recovery:
    def __init__(self, account: Account) -> None:
        self._account = account

    def end_faults(self) -> None:
        """Networks, capacity and applications are back, and nothing is suspended or planned."""
        world = self._account.world
        self._account.faults.clear_all()
        self._account.fleet.cut_off()
        world.launch_error = lambda zone: None
        world.boot_time = timedelta(seconds=0.6)
        subscriber = self._account.subscriber()
        subscriber.behaviour, subscriber.status_code = Behaviour.ANSWERS, 200
        self._repair_machines()
        self._remove_plans()
        self._correct_health_checks()
        self._correct_targets()
        self._correct_groups()

    def help(self) -> None:
        """What users may put back by now."""
        self._repair_machines()  # ASG-82: nobody is replaced before one has passed, so somebody has to repair one
        for group in self._account.groups():
            standby = [i["InstanceId"] for i in group["Instances"] if i["LifecycleState"] == "Standby"]
            if standby and "Status" not in group:
                self._take_back(group, standby)
            for arn in group.get("TargetGroupARNs", []):
                self._register(group, arn)

    def missing(self) -> list[str]:
        """What is not well yet, one sentence each."""
        found = [sentence for group in self._account.groups() for sentence in self._of_group(group)]
        activities = self._account.autoscaling.describe_scaling_activities()["Activities"]
        found += [f"activity has not ended: {a['Description']}" for a in activities if "EndTime" not in a]
        return found + self._leftovers() + self._unanswered()

    # ---- users

    def _repair_machines(self) -> None:
        for machine in self._account.world.machines.values():
            machine.app, machine.status_code, machine.impaired, machine.cpu_percent = App.UP, 200, False, 2.0

    def _remove_plans(self) -> None:
        account = self._account
        for policy in account.autoscaling.describe_policies()["ScalingPolicies"]:
            account.autoscaling.delete_policy(AutoScalingGroupName=policy["AutoScalingGroupName"], PolicyName=policy["PolicyName"])
        for action in account.autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]:
            names = {name: action[name] for name in ("AutoScalingGroupName", "ScheduledActionName")}
            account.autoscaling.delete_scheduled_action(**names)

    def _correct_health_checks(self) -> None:
        checks = {"HealthCheckPath": "/health", "Matcher": {"HttpCode": "200"}, "HealthCheckPort": "traffic-port"}
        checks |= {"HealthCheckTimeoutSeconds": 2, "HealthCheckIntervalSeconds": 5}
        for group in self._account.target_groups():
            self._account.elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], **checks)

    def _correct_targets(self) -> None:
        """No application listens at another port than its target group's: a load balancer whose only target is such a one answers 502."""
        for group in self._account.target_groups():
            arn = group["TargetGroupArn"]
            described = self._account.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            if wrong := [d["Target"] for d in described if d["Target"].get("Port") != group["Port"]]:
                self._account.elbv2.deregister_targets(TargetGroupArn=arn, Targets=wrong)

    def _correct_groups(self) -> None:
        for group in self._account.groups():
            if "Status" in group:
                continue
            name, protected = group["AutoScalingGroupName"], [i["InstanceId"] for i in group["Instances"] if i["ProtectedFromScaleIn"]]
            self._account.autoscaling.resume_processes(AutoScalingGroupName=name)
            if deleted := sorted({*group.get("TargetGroupARNs", [])} - {g["TargetGroupArn"] for g in self._account.target_groups()}):
                self._account.autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=name, TargetGroupARNs=deleted)
            self._account.autoscaling.update_auto_scaling_group(
                AutoScalingGroupName=name, LaunchConfigurationName="web", NewInstancesProtectedFromScaleIn=False
            )
            for instance_id in protected:
                with self._account.request():  # refused for one that is on its way
                    self._account.autoscaling.set_instance_protection(
                        AutoScalingGroupName=name, InstanceIds=[instance_id], ProtectedFromScaleIn=False
                    )

    def _take_back(self, group: dict[str, Any], standby: list[str]) -> None:
        """Each adds to the desired capacity (ASG-73), which then has to have room for it."""
        name, room = group["AutoScalingGroupName"], group["MaxSize"] - len(standby)
        with self._account.request():
            if room < group["MinSize"]:
                self._account.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=max(room, 0), MaxSize=6)
            elif group["DesiredCapacity"] > room:
                self._account.autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=room)
            else:
                self._account.autoscaling.exit_standby(AutoScalingGroupName=name, InstanceIds=standby)

    def _register(self, group: dict[str, Any], arn: str) -> None:
        """ASG-84: those launched while AddToLoadBalancer was suspended, and those that a user deregistered, are left to their user."""
        described = self._account.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        serving = {i["InstanceId"] for i in group["Instances"] if i["LifecycleState"] == "InService"}
        if missing := sorted(serving - {d["Target"]["Id"] for d in described}):
            with self._account.request():
                self._account.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": i} for i in missing])

    # ---- what is expected

    def _of_group(self, group: dict[str, Any]) -> list[str]:
        name, members = group["AutoScalingGroupName"], group["Instances"]
        found = [f"{name} is still being deleted"] if "Status" in group else []
        if len(members) != group["DesiredCapacity"]:
            found.append(f"{name} has {len(members)} members, desired {group['DesiredCapacity']}")
        unfit = [i["InstanceId"] for i in members if (i["LifecycleState"], i["HealthStatus"]) != ("InService", "Healthy")]
        found += [f"{instance_id} of {name} is not in service and healthy" for instance_id in unfit]
        per_zone = [[i["AvailabilityZone"] for i in members].count(zone) for zone in group["AvailabilityZones"]]
        if members and max(per_zone) - min(per_zone) > 1:
            found.append(f"{name} has {per_zone} members in {group['AvailabilityZones']}")
        for arn in group.get("TargetGroupARNs", []):
            found += self._of_targets(name, arn, {i["InstanceId"] for i in members})
        return found

    def _of_targets(self, name: str, arn: str, members: set[str]) -> list[str]:
        """A member is healthy, or cannot be used because no listener forwards to the group or its zone is not enabled."""
        health: dict[str, list[dict[str, Any]]] = {}
        for described in self._account.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]:
            health.setdefault(described["Target"]["Id"], []).append(described["TargetHealth"])
        found = [f"{i} of {name} is not registered with {arn}" for i in sorted(members - health.keys())]
        for instance_id, states in health.items():
            for state in states:
                settled = state["State"] == "healthy" or state.get("Reason") == "Target.NotInUse"
                if instance_id in members and not settled and len(states) == 1:
                    found.append(f"{instance_id} of {name} is {state['State']} in {arn}: {state.get('Reason')}")
                if state["State"] in ("draining", "initial"):
                    found.append(f"{instance_id} is still {state['State']} in {arn}")
        return found

    def _leftovers(self) -> list[str]:
        instances = self._account.instances()
        owned = {i["InstanceId"] for i in instances if any(t["Key"] == "aws:autoscaling:groupName" for t in i.get("Tags", []))}
        members = {i["InstanceId"] for group in self._account.groups() for i in group["Instances"]}
        moving = [i for i in instances if i["State"]["Name"] in ("pending", "shutting-down", "stopping")]
        running = {i for i, machine in self._account.world.machines.items() if machine.running}
        found = [f"{i['InstanceId']} is still {i['State']['Name']}" for i in moving]
        return found + [f"{i} runs and is no member of its group" for i in sorted(running & owned - members - self._account.taken_out)]

    def _unanswered(self) -> list[str]:
        """Every application answers by now, so no target that the load balancer chooses fails to."""
        answers = {(listener, found.status) for listener in self._account.listeners() for found in self._account.send_some(listener)}
        return [f"{listener} answers {status}" for listener, status in sorted(answers) if status in (502, 504)]


def recover(account: Account, run: Any) -> list[str]:
    """Ends the faults and lets time pass by `run(seconds)`. → what has not become well in time."""
    recovery = Recovery(account)
    recovery.end_faults()
    run(60)  # the last fault is noticed by then
    for _ in range(PEACE // LOOK):
        recovery.help()
        if not recovery.missing():
            return []
        run(LOOK)
    return recovery.missing()
