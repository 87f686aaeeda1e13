"""The last step of the tutorial: one instance fails under client traffic, the group replaces it, and clients' measurements are judged."""

from datetime import timedelta

from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Records
from sandbox.traffic.summary import Summary, summarise
from scenarios.kit.fleet import GROUP, Resources, activities, group, in_service, targets
from scenarios.kit.recovery import Recovery, recovered
from scenarios.kit.stage import Stage, WaitTimeout

RATE = 10.0  # requests per real second
REQUEST_TIMEOUT = timedelta(seconds=5)
RECOVERY_TIMEOUT = timedelta(minutes=10)


def fail(stage: Stage, resources: Resources, detection: timedelta) -> bool:
    """Terminates an instance under traffic. `detection`: the longest time in which health checks detect it. Returns the verdict."""
    stage.chapter("Step 6: one instance fails under traffic")
    stream = stage.traffic(Plan(url=resources.url, rate=RATE, timeout=REQUEST_TIMEOUT))
    stage.wait_until("50 requests completed before the failure", lambda: len(stream.records()) >= 50, timedelta(minutes=10))
    before = summarise(stream.records())
    victim = in_service(stage)[0]
    recovery = Recovery(victim=victim, failed_at=stage.fault(f"instance {victim} is terminated (TUT-50)", victim))
    stage.step("ec2", "terminate_instances", InstanceIds=[victim])
    try:
        stage.wait_until("the group has recovered", lambda: recovered(stage, resources, recovery), RECOVERY_TIMEOUT)
        enough = len(stream.records()) + 50
        stage.wait_until("50 more requests completed", lambda: len(stream.records()) >= enough, timedelta(minutes=10))
    except WaitTimeout as error:
        stage.log(error.message)  # the verdict reports what is missing
    records = stream.stop()
    show(stage, resources)
    return judge(stage, recovery, before, records, detection)


def show(stage: Stage, resources: Resources) -> None:
    """The tutorial's two commands to inspect the result."""
    stage.step("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])
    members = group(stage)["Instances"]
    stage.table([(i["InstanceId"], i["AvailabilityZone"], i["LifecycleState"], i["HealthStatus"]) for i in members], indent="     ")
    stage.step("elbv2", "describe_target_health", TargetGroupArn=resources.target_group)
    stage.table(sorted(targets(stage, resources).items()), indent="     ")


def judge(stage: Stage, recovery: Recovery, before: Summary, records: Records, detection: timedelta) -> bool:
    summary = summarise(records)
    report(stage, recovery, summary)
    unavoidable = RATE / 3 * detection.total_seconds() / stage.client.speed
    new, causes = recovery.replacement, [a["Cause"] for a in activities(stage, recovery.failed_at)]
    stage.expect("the group recovered in time", not recovery.incomplete, recovery.incomplete or "yes")
    stage.expect("no request failed before the failure", before.failed == 0, f"{before.ok} of {before.sent} succeeded")
    stage.expect("the group replaced the instance by itself", bool(new), new or "no replacement")
    stage.expect("an activity's cause names the health check", any("health check" in c for c in causes), f"{len(causes)} activities")
    stage.expect("the replacement serves requests", summary.answered_by.get(new, 0) > 0, f"{summary.answered_by.get(new, 0)} responses")
    stage.expect(
        "no more requests failed than the detection time explains",
        summary.failed <= 1.5 * unavoidable + 1,
        f"{summary.failed} of at most {1.5 * unavoidable:.0f}",
    )
    after = [r for r in records if new and r.at >= recovery.observed.get(recovery.recovered, r.at + timedelta(1))]
    stage.expect("no request failed after the recovery", bool(after) and summarise(after).failed == 0, f"{len(after)} requests")
    return stage.verdict(
        "The group replaced the failed instance, and the replacement serves requests.",
        "The group did not recover as expected. See the lines marked FAILED, and run: sandbox events",
    )


def report(stage: Stage, recovery: Recovery, summary: Summary) -> None:
    stage.chapter("Measurements at the clients")
    failures = [(f"  failed: {failure.value}", str(count)) for failure, count in summary.failures.items()]
    latency = ", ".join(f"{name} {value:.1f} ms" for name, value in summary.latency_ms.items())
    stage.table(
        [
            ("requests sent", str(summary.sent)),
            ("succeeded", f"{summary.ok} ({summary.availability:.2f} %)"),
            *(failures or [("  failed", "0")]),
            ("time to detect", recovery.after(recovery.detected)),
            ("time to recover", recovery.after(recovery.recovered)),
            ("longest outage", f"{summary.longest_outage.total_seconds():.1f} s sandbox, {summary.longest_outage_real:.1f} s real"),
            ("latency (real)", latency),
            *[(f"  responses from {instance}", str(count)) for instance, count in summary.answered_by.items()],
        ]
    )
    stage.say("After the failure, in sandbox time:")
    stage.table([(f"+{(moment - recovery.failed_at).total_seconds():6.1f} s", what) for what, moment in recovery.observed.items()])
    stage.say("Scaling activities:")
    for activity in activities(stage, recovery.failed_at):
        stage.say(f"- {activity['Description']} [{activity['StatusCode']}] {activity['Cause']}")
