"""Real load on the load balancer: CPU passes its target, an alarm tells, the group grows to what the load needs, and shrinks when it ends.

S10 of the scenario catalogue, timeline B4 and B5 of docs/aws-behaviour.md: the usual load, its growth (a step, a ramp, a flash crowd), a
quarter of an hour of it, its fall, scale-in. Nothing is set by hand: requests to /burn make the CPU of three instances pass 70 %.
With --basic-monitoring CPU is told every five minutes only (SCL-14): the group grows much later, and the verdict says so.
"""

from datetime import datetime, timedelta

from sandbox.traffic.plan import Plan, Stream
from scenarios.kit import alarms, counting, scaling_verdict, service
from scenarios.kit.cleanup import clean_up
from scenarios.kit.demand import GROWTH, Demand
from scenarios.kit.fleet import Scene
from scenarios.kit.option import Option
from scenarios.kit.scaling_course import Course
from scenarios.kit.stage import NotReached, Stage

SHAPE = Option(name="shape", sentence="How the load grows: at once, over five minutes, or fivefold at once.", choices=tuple(GROWTH))
BASIC = Option(name="basic-monitoring", sentence="CPU every five minutes instead of each: the control that has to fail.")
SUSTAIN = Option(name="sustain", sentence="Minutes of full load after the group has grown.", choices=("15", "5", "30"))
INSTANCE_TYPE = Option(
    name="instance-type",
    sentence="Larger ones need more of this machine's processors.",
    choices=("t2.small", "t3.medium", "t2.micro", "t3.large"),
)
OPTIONS = (SHAPE, BASIC, SUSTAIN, INSTANCE_TYPE)

SECONDS, SECONDS_VIRTUAL = 0.03, 0.6  # of processor time per request: fewer and longer ones where each is simulated
MINUTE = timedelta(minutes=1)
EVERY = timedelta(seconds=10)
LONGEST_TO_GROW = timedelta(minutes=30)
LONGEST_TO_SHRINK = timedelta(minutes=45)
REAL_PATIENCE = 30.0  # seconds that a client waits, however fast the clock runs: machines do not run faster with it


def run(stage: Stage) -> bool:
    clean_up(stage, "what a former run left behind")
    try:
        scene = Scene()
        basic = BASIC.is_set(stage.options)
        instance_type = INSTANCE_TYPE.read(stage.options)
        service.make(stage, scene, instance_type=instance_type, detailed=not basic)
        demand = _demand(stage, instance_type)
        course = Course(stage=stage, scene=scene, demand=demand)
        _prepare(stage, course)
        _grow(stage, course)
        _shrink(stage, course)
        return scaling_verdict.judge(stage, course)
    finally:
        clean_up(stage, "everything of this run")


def _demand(stage: Stage, instance_type: str) -> Demand:
    """By what an instance of the type may use here: its vCPUs, each a share of a core (settings: cores_per_vcpu)."""
    size = stage.ask("ec2", "describe_instance_types", InstanceTypes=[instance_type])["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"]
    cores = size * float(stage.client.get("settings")["settings"]["cores_per_vcpu"])
    seconds = SECONDS_VIRTUAL if stage.client.virtual else SECONDS
    demand = Demand(shape=SHAPE.read(stage.options), instances=service.SIZE, cores=cores, seconds=seconds)
    stage.say(
        f"An instance may use {cores:g} of a core here. A request burns {seconds * 1000:g} ms of it: {demand.usual:.1f} requests a second "
        f"are the usual load, {demand.peak:.1f} the peak, {100 * demand.peak * seconds / cores / service.SIZE:.0f} % of three instances."
    )
    return demand


def _prepare(stage: Stage, course: Course) -> None:
    stage.chapter("The tutorial's scaling policy: 70 % of CPU")
    course.alarms = service.track_cpu(stage)
    for name in course.alarms.values():
        made = alarms.alarm(stage, name)
        stage.say(f"{name}: {made['ComparisonOperator']} {made['Threshold']:g}, {made['EvaluationPeriods']} × {made['Period']} s.")
    stage.chapter("A minute of load, counted on both sides")
    course.minute, course.records = counting.a_minute(stage, course.scene, course.demand.path, course.demand.usual)
    stage.table(course.minute.rows(), indent="     ")


def _grow(stage: Stage, course: Course) -> None:
    stage.chapter("The usual load")
    usual = _traffic(stage, course, course.demand.usual)
    high = course.alarms["AlarmHigh"]
    stage.wait_until(f"{high} is OK", lambda: course.look() and alarms.state(stage, high) == "OK", timedelta(minutes=15), EVERY)
    began = stage.client.now()
    stage.wait_until("that has gone on for two minutes", lambda: stage.client.now() >= began + 2 * MINUTE, timedelta(minutes=5), EVERY)
    _wait_for_the_moment(stage)
    course.usual = (began, stage.client.now())
    stage.chapter(f"The load grows: {course.demand.shape}")
    peak = _traffic(stage, course, course.demand.peak, course.demand.ramp)
    course.grows = stage.client.now()
    course.keep(usual)
    try:
        stage.wait_until("the group has grown, and CPU is under its target", course.has_grown, LONGEST_TO_GROW, EVERY)
        sustain = timedelta(minutes=int(SUSTAIN.read(stage.options)))
        end = stage.client.now() + sustain
        stage.wait_until(f"{sustain.seconds // 60} minutes of that load are over", lambda: course.look() >= end, 2 * sustain, EVERY)
    except NotReached as error:
        stage.stamped(error.message)  # judged all the same: the verdict says what is missing
    course.falls = stage.client.now()
    stage.chapter("The load falls to what it was")
    course.last = _traffic(stage, course, course.demand.usual)
    course.keep(peak)


def _shrink(stage: Stage, course: Course) -> None:
    try:
        stage.wait_until(f"the group is back at {service.SIZE}", course.has_shrunk, LONGEST_TO_SHRINK, EVERY)
        end = stage.client.now() + 3 * MINUTE
        stage.wait_until("it has stayed so for three minutes", lambda: course.look() >= end, timedelta(minutes=10), EVERY)
    except NotReached as error:
        stage.stamped(error.message)
    if course.last:
        course.keep(course.last)
    course.ended = stage.client.now()
    stage.chapter("All requests of this run, counted on both sides")
    course.whole = counting.compare(stage, course.scene, course.records, course.began, course.ended + MINUTE)
    stage.table(course.whole.rows(), indent="     ")


def _wait_for_the_moment(stage: Stage) -> None:
    """The load grows in the last minute of a five-minute period: runs with one-minute and with five-minute metrics then begin alike,
    whatever the time of day. The average of that period stays under the target."""
    now = stage.client.now()
    start = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0) + 4 * MINUTE
    moment: datetime = start if start > now else start + 5 * MINUTE
    stage.wait_until("it is a minute to the five-minute mark", lambda: stage.client.now() >= moment, timedelta(minutes=6), EVERY)


def _traffic(stage: Stage, course: Course, rate: float, ramp: timedelta = timedelta(0)) -> Stream:
    speed = stage.client.speed
    plan = Plan(
        url=course.scene.url + course.demand.path,
        rate=rate,
        ramp=ramp.total_seconds() / speed,
        ramp_from=course.demand.usual,
        patience=timedelta(seconds=REAL_PATIENCE * speed),
        longest=timedelta(hours=2).total_seconds() / speed,
    )
    return stage.traffic(plan)
