"""Kinds of faults on instances: one file for each small family."""

from sandbox.faults.instances import announced_events, answers, ended, killed, machines, packets, spot, status_checks
from sandbox.faults.kind import Kind

KINDS: tuple[Kind, ...] = (
    ended.TERMINATE,
    ended.STOP,
    killed.CRASH,
    machines.HANG,
    killed.KILL,
    machines.HEAT,
    machines.PRESSURE,
    answers.ERRORS,
    answers.LATENCY,
    packets.LOSS,
    status_checks.FAILURE,
    announced_events.EVENT,
    spot.INTERRUPTION,
)
