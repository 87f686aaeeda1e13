"""Selects the measurements, runs them one after the other, prints a table and writes build/bench.json.

A missed goal is shown as NO in the table. The exit code is 1 only if something could not be measured.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import click

from bench.kit.figure import Figure, not_measured, show, write

GROUPS = {
    "cold-start": ("bench.cold_start", "start of the process to the first DescribeInstances, against stock moto_server"),
    "describe": ("bench.describe", "descriptions of 10 and 500 instances, against stock moto_server"),
    "terraform": ("bench.terraform", "terraform apply and plan of a stack"),
    "connections": ("bench.connections", "calls beside 1,000 idle connections and 200 long polls, against calls without them"),
    "page": ("bench.dashboard.page", "first paint of the live page, an event on it, and the cost of 20 open pages"),
    "silence": ("bench.silence", "health verdict to the last request on the target"),
    "load-balancer": ("bench.load_balancer", "requests per second and p99 against a bare Envoy without filters"),
    "changes": ("bench.changes", "requests that fail while the configuration changes 100 times"),
    "boot": ("bench.instances.boot", "RunInstances to the first 200, against bare Docker; terminate to a replacement that answers"),
    "fleet": ("bench.instances.fleet", "50 containers serving, and the control plane's memory meanwhile"),
    "zone-cut": ("bench.zones.cut", "a zone of 10 containers cut off after the call, and back"),
    "cloudwatch": ("bench.cloudwatch", "GetMetricData, 1,000 alarms, memory of 60 days of metrics"),
    "metadata": ("bench.instances.metadata", "reads of the metadata service, and 200 instances that poll it every second"),
    "deploy": ("bench.instances.scripts", "ten instances that run deploy.sh"),
    "security-groups": ("bench.instances.security_groups", "a rule changed on 50 running instances"),
    "many": ("bench.instances.many", "200 containers serving behind one load balancer"),
    "metering": ("bench.metering", "reading the CPU of 50 containers"),
    "load": ("bench.load", "what the load generator adds to latency at 2,000 requests per second"),
    "scenarios": ("bench.simulation.scenarios", "scenarios of outages in virtual time"),
    "simulate": ("bench.simulation.simulate", "a thousand simulated runs of S04"),
    "scale": ("bench.simulation.scale", "a virtual hour of 10, 1,000 and 10,000 instances"),
    "access": ("bench.access_metrics", "access log to metrics"),
    "day": ("bench.day", "memory in 24 hours at speed 60: takes 25 minutes, runs only when named"),
    "offline": ("bench.offline", "the bundle's size, and from its installation to a service that healed (process runtime)"),
    "tests": ("bench.suite_time", "the tests without those that need Docker"),
}
"""In the order of measurement. The tests are last, because they use the whole machine."""
LONG = {"day"}

RESULTS = Path("build/bench.json")


def chosen(names: Sequence[str]) -> list[str]:
    """The named measurements, or all but the long ones if none is named, in order. Raises click.UsageError for an unknown name."""
    if unknown := [name for name in names if name not in GROUPS]:
        raise click.UsageError(f"unknown measurement {', '.join(unknown)}: expected {', '.join(GROUPS)}")
    return [name for name in GROUPS if (name in names if names else name not in LONG)]


def measure(names: Sequence[str], load: Callable[[str], Callable[[], list[Figure]]]) -> tuple[list[Figure], list[str]]:
    """→ figures, and the names of what could not be measured. `load`: name → function that measures it."""
    figures: list[Figure] = []
    failed = []
    for name in names:
        print(f"bench: {name}: {GROUPS[name][1]}", file=sys.stderr, flush=True)
        try:
            figures += load(name)()
        except Exception as error:
            traceback.print_exc()
            figures.append(not_measured(name, f"could not be measured: {type(error).__name__}: {error}"))
            failed.append(name)
    return figures, failed


def measuring(name: str) -> Callable[[], list[Figure]]:
    """Imports a measurement just before it runs, so that its imports do not affect the figures of others."""
    found: Callable[[], list[Figure]] = import_module(GROUPS[name][0]).measure
    return found


@click.command(help="Names: " + "; ".join(f"{name} ({what})" for name, (_, what) in GROUPS.items()))
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that started processes are stopped
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has compiled files, as moto has here
    figures, failed = measure(chosen(names), measuring)
    show(figures)
    write(figures, RESULTS)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
