"""Real load raises CPU above its target: the group scales out to the required capacity, and scales in after the load falls.

S10 of the scenario catalogue, timelines B4 and B5 of docs/aws-behaviour.md: baseline load, a rise (step, ramp or flash crowd), 15 minutes
at the peak, the fall, scale-in. Nothing is set by hand: requests to /burn raise the CPU of three instances above 70 %. With
--basic-monitoring, CPU metrics come every five minutes (SCL-14): the group scales out much later, and the verdict is "failed".
"""

from datetime import datetime, timedelta

from sandbox.traffic.patterns import constant
from sandbox.traffic.patterns import ramp as ramp_pattern
from sandbox.traffic.plan import Plan
from sandbox.traffic.records import Stream
from scenarios.kit import alarms, counting, scaling_verdict, service
from scenarios.kit.cleanup import clean_up
from scenarios.kit.demand import GROWTH, Demand
from scenarios.kit.fleet import Resources
from scenarios.kit.option import Option
from scenarios.kit.scaling_run import ScalingRun
from scenarios.kit.stage import Stage, WaitTimeout

SHAPE = Option(
    name="shape",
    help="How the load rises: to twice the baseline at once, to twice over five minutes, or to five times at once.",
    choices=tuple(GROWTH),
)
BASIC = Option(
    name="basic-monitoring", help="CPU metrics every five minutes instead of every minute. A negative control: the run must fail."
)
SUSTAIN = Option(name="sustain", help="Minutes at the peak after the group has scaled out.", choices=("15", "5", "30"))
INSTANCE_TYPE = Option(
    name="instance-type",
    help="Larger types need more of this machine's CPU.",
    choices=("t2.small", "t3.medium", "t2.micro", "t3.large"),
)
OPTIONS = (SHAPE, BASIC, SUSTAIN, INSTANCE_TYPE)

SECONDS, SECONDS_VIRTUAL = 0.03, 0.6  # CPU time per request; simulated runs send fewer and longer requests
MINUTE = timedelta(minutes=1)
EVERY = timedelta(seconds=10)
SCALE_OUT_TIMEOUT = timedelta(minutes=30)
SCALE_IN_TIMEOUT = timedelta(minutes=45)
REAL_REQUEST_TIMEOUT = 30.0  # real seconds at any clock speed: instances do not respond faster because the clock runs faster


def run(stage: Stage) -> bool:
    clean_up(stage, "leftovers of earlier runs")
    try:
        resources = Resources()
        basic = BASIC.is_set(stage.options)
        instance_type = INSTANCE_TYPE.read(stage.options)
        service.create(stage, resources, instance_type=instance_type, detailed=not basic)
        demand = _demand(stage, instance_type)
        scaling = ScalingRun(stage=stage, resources=resources, demand=demand)
        _create_policy(stage, scaling)
        _raise_load(stage, scaling)
        _scale_in(stage, scaling)
        return scaling_verdict.judge(stage, scaling)
    finally:
        clean_up(stage, "everything this run created")


def _demand(stage: Stage, instance_type: str) -> Demand:
    """Scales the load to what one instance can use here: its vCPUs times the cores per vCPU (SANDBOX_CORES_PER_VCPU)."""
    vcpus = stage.query("ec2", "describe_instance_types", InstanceTypes=[instance_type])["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"]
    cores = vcpus * float(stage.client.get("settings")["settings"]["cores_per_vcpu"])
    seconds = SECONDS_VIRTUAL if stage.client.virtual else SECONDS
    demand = Demand(shape=SHAPE.read(stage.options), instances=service.SIZE, cores=cores, seconds=seconds)
    share = 100 * demand.peak * seconds / cores / service.SIZE
    stage.say(
        f"An instance can use {cores:g} CPU cores here. A request burns {seconds * 1000:g} ms of CPU time. The baseline load is "
        f"{demand.baseline:.1f} requests per second, the peak {demand.peak:.1f}: {share:.0f} % of the capacity of three instances."
    )
    return demand


def _create_policy(stage: Stage, scaling: ScalingRun) -> None:
    stage.chapter("The tutorial's scaling policy: target tracking at 70 % CPU")
    scaling.alarms = service.track_cpu(stage)
    for name in scaling.alarms.values():
        alarm = alarms.alarm(stage, name)
        periods = f"{alarm['EvaluationPeriods']} periods of {alarm['Period']} s"
        stage.say(f"{name}: {alarm['ComparisonOperator']} {alarm['Threshold']:g} for {periods}.")
    stage.chapter("One minute of load, counted by CloudWatch and by the clients")
    path, rate = scaling.demand.path, scaling.demand.baseline
    scaling.one_minute_counts, scaling.records = counting.measure_one_minute(stage, scaling.resources, path, rate)
    stage.table(scaling.one_minute_counts.rows(), indent="     ")


def _raise_load(stage: Stage, scaling: ScalingRun) -> None:
    stage.chapter("Baseline load")
    baseline = _traffic(stage, scaling, scaling.demand.baseline)
    high = scaling.alarms["AlarmHigh"]
    stage.wait_until(f"{high} is OK", lambda: scaling.observe() and alarms.state(stage, high) == "OK", timedelta(minutes=15), EVERY)
    began = stage.client.now()
    stage.wait_until("two more minutes have passed", lambda: stage.client.now() >= began + 2 * MINUTE, timedelta(minutes=5), EVERY)
    _align_to_period(stage)
    scaling.baseline = (began, stage.client.now())
    stage.chapter(f"The load rises: {scaling.demand.shape}")
    peak = _traffic(stage, scaling, scaling.demand.peak, scaling.demand.ramp)
    scaling.load_rises_at = stage.client.now()
    scaling.finish(baseline)
    try:
        stage.wait_until("the group has scaled out, and CPU is below its target", scaling.scaled_out, SCALE_OUT_TIMEOUT, EVERY)
        sustain = timedelta(minutes=int(SUSTAIN.read(stage.options)))
        end = stage.client.now() + sustain
        stage.wait_until(f"{sustain.seconds // 60} minutes at this load have passed", lambda: scaling.observe() >= end, 2 * sustain, EVERY)
    except WaitTimeout as error:
        stage.log(error.message)  # the verdict reports what is missing
    scaling.load_falls_at = stage.client.now()
    stage.chapter("The load falls to the baseline")
    scaling.last_stream = _traffic(stage, scaling, scaling.demand.baseline)
    scaling.finish(peak)


def _scale_in(stage: Stage, scaling: ScalingRun) -> None:
    try:
        stage.wait_until(f"the group is back at {service.SIZE} instances", scaling.scaled_in, SCALE_IN_TIMEOUT, EVERY)
        end = stage.client.now() + 3 * MINUTE
        stage.wait_until("three more minutes have passed", lambda: scaling.observe() >= end, timedelta(minutes=10), EVERY)
    except WaitTimeout as error:
        stage.log(error.message)
    if scaling.last_stream:
        scaling.finish(scaling.last_stream)
    scaling.ended_at = stage.client.now()
    stage.chapter("All requests of this run, counted by CloudWatch and by the clients")
    scaling.total_counts = counting.compare(stage, scaling.resources, scaling.records, scaling.started_at, scaling.ended_at + MINUTE)
    stage.table(scaling.total_counts.rows(), indent="     ")


def _align_to_period(stage: Stage) -> None:
    """Waits for the last minute of a five-minute period, in which the load is to rise. So runs with one-minute and with five-minute metrics
    start alike at any time of day, and the average of that period stays below the target."""
    now = stage.client.now()
    start = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0) + 4 * MINUTE
    moment: datetime = start if start > now else start + 5 * MINUTE
    stage.wait_until("the last minute of a five-minute period has begun", lambda: stage.client.now() >= moment, timedelta(minutes=6), EVERY)


def _traffic(stage: Stage, scaling: ScalingRun, rate: float, ramp: timedelta = timedelta(0)) -> Stream:
    speed = stage.client.speed
    plan = Plan(
        url=scaling.resources.url + scaling.demand.path,
        rate=rate,
        pattern=ramp_pattern(ramp.total_seconds() / speed, scaling.demand.baseline / rate) if ramp else constant(),
        timeout=timedelta(seconds=REAL_REQUEST_TIMEOUT * speed),
        max_duration=timedelta(hours=2).total_seconds() / speed,
    )
    return stage.traffic(plan)
