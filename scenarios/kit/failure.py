"""The last step of the tutorial: one instance fails under client traffic, the group heals, and the run is judged by what clients saw."""

from datetime import timedelta

from sandbox.traffic.plan import Plan, Record
from sandbox.traffic.verdict import Summary, summarise
from scenarios.kit.fleet import GROUP, Course, Scene, activities, group, healed, in_service, targets
from scenarios.kit.stage import NotReached, Stage

RATE = 10.0  # requests per real second
PATIENCE = timedelta(seconds=5)
HEALING = timedelta(minutes=10)


def fail(stage: Stage, scene: Scene, detection: timedelta) -> bool:
    """`detection`: the longest that health checks may take to notice. → whether it ended well."""
    stage.chapter("Step 6: one instance fails, under traffic")
    stream = stage.traffic(Plan(url=scene.url, rate=RATE, patience=PATIENCE))
    stage.wait_until("50 requests were answered before the failure", lambda: len(stream.records()) >= 50, timedelta(minutes=10))
    steady = summarise(stream.records())
    victim = in_service(stage)[0]
    course = Course(victim=victim, fault=stage.fault(f"instance {victim} is terminated (TUT-50)"))
    stage.step("ec2", "terminate_instances", InstanceIds=[victim])
    try:
        stage.wait_until("the group has healed", lambda: healed(stage, scene, course), HEALING)
        enough = len(stream.records()) + 50
        stage.wait_until("50 more requests were sent", lambda: len(stream.records()) >= enough, timedelta(minutes=10))
    except NotReached as error:
        stage.stamped(error.message)  # judged all the same: the verdict says what is missing
    records = stream.stop()
    look(stage, scene)
    return judge(stage, course, steady, records, detection)


def look(stage: Stage, scene: Scene) -> None:
    """The tutorial's two ways to see how it went."""
    stage.step("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])
    members = group(stage)["Instances"]
    stage.table([(i["InstanceId"], i["AvailabilityZone"], i["LifecycleState"], i["HealthStatus"]) for i in members], indent="     ")
    stage.step("elbv2", "describe_target_health", TargetGroupArn=scene.target_group)
    stage.table(sorted(targets(stage, scene).items()), indent="     ")


def judge(stage: Stage, course: Course, steady: Summary, records: tuple[Record, ...], detection: timedelta) -> bool:
    summary = summarise(records)
    report(stage, course, summary)
    unavoidable = RATE / 3 * detection.total_seconds() / stage.client.speed
    new, seen = course.replacement, [a["Cause"] for a in activities(stage, course.fault)]
    stage.expect("it healed in time", not course.open, course.open or "yes")
    stage.expect("all requests were answered before the failure", steady.lost == 0, f"{steady.ok} of {steady.sent}")
    stage.expect("the group replaced the instance by itself", bool(new), new or "nobody came")
    stage.expect("AWS's cause names the health check", any("health check" in cause for cause in seen), f"{len(seen)} activities")
    stage.expect("the replacement answers requests", summary.answered_by.get(new, 0) > 0, f"{summary.answered_by.get(new, 0)} answers")
    stage.expect(
        "no more was lost than detection explains",
        summary.lost <= 1.5 * unavoidable + 1,
        f"{summary.lost} of at most {1.5 * unavoidable:.0f}",
    )
    after = [r for r in records if new and r.at >= course.seen.get(course.recovered, r.at + timedelta(1))]
    stage.expect("nothing was lost once it had healed", bool(after) and summarise(after).lost == 0, f"{len(after)} requests")
    return stage.verdict(
        "it healed: the group replaced the instance, and the replacement serves.",
        "it did not heal as it should; see NOT above, and sandbox events",
    )


def report(stage: Stage, course: Course, summary: Summary) -> None:
    stage.chapter("What was measured, at the clients")
    lost = [(f"  lost: {failure.value}", str(count)) for failure, count in summary.failed.items()]
    latency = ", ".join(f"{name} {value:.1f} ms" for name, value in summary.latency_ms.items())
    stage.table(
        [
            ("requests sent", str(summary.sent)),
            ("answered", f"{summary.ok} ({summary.availability:.2f} %)"),
            *(lost or [("  lost", "0")]),
            ("time to detect", course.after(course.noticed)),
            ("time to recover", course.after(course.recovered)),
            ("longest outage", f"{summary.longest_outage.total_seconds():.1f} s sandbox, {summary.longest_outage_real:.1f} s real"),
            ("latency (real)", latency),
            *[(f"  answered by {instance}", str(count)) for instance, count in summary.answered_by.items()],
        ]
    )
    stage.say("After the failure, in sandbox time:")
    stage.table([(f"+{(moment - course.fault).total_seconds():6.1f} s", what) for what, moment in course.seen.items()])
    stage.say("Who replaced whom and why, in AWS's words:")
    for activity in activities(stage, course.fault):
        stage.say(f"- {activity['Description']} [{activity['StatusCode']}] {activity['Cause']}")
