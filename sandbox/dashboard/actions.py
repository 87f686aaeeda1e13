"""What a person can do on the page that no other route offers: terminate an instance, send load, run a scenario. Bodies are JSON."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.dashboard.load import PageLoad
from sandbox.dashboard.runs import Runs
from sandbox.dashboard.shown import commands

Body = Mapping[str, Any]
Act = Callable[[Body], Mapping[str, Any]]
FASTEST = 1000.0  # speed of the clock during a scenario
KNOB, MOST_KNOBS = re.compile(r"[a-z][a-z0-9_]{0,40}=[^=\s]{1,60}"), 20


class Actions:
    """Each raises UserError, or ClientError with AWS's words, and then changes nothing."""

    def __init__(self, surface: ControlSurface, load: PageLoad, runs: Runs, account: str | None = None) -> None:
        """`account`: of the page, whose `surface` it is; None: the sandbox's own."""
        self._surface, self._load, self._runs, self._account = surface, load, runs, account

    def by_path(self) -> Iterator[tuple[str, Act]]:
        yield "/instances/<instance_id>/terminate", self.terminate
        yield "/load", self.begin_load
        yield "/load/stop", self.stop_load
        yield "/runs", self.start_run
        yield "/runs/<run_id>/stop", self.stop_run

    def terminate(self, body: Body) -> Mapping[str, Any]:
        """TerminateInstances, as a user would call it."""
        self._surface.terminate(str(body["instance_id"]))
        return {"done": f"TerminateInstances was called for {body['instance_id']}."}

    def begin_load(self, body: Body) -> Mapping[str, Any]:
        """To a listener of this sandbox: `url` must be one that the page shows."""
        url = str(body.get("url", ""))
        name = self._listener_at(url)
        shown = self._load.begin(name, url, _number(body, "rate"), _number(body, "seconds"))
        return {"done": f"{shown.rate:g} requests per second go to {name} for {shown.seconds:g} s."}

    def stop_load(self, _: Body) -> Mapping[str, Any]:
        """Ends what begin_load began."""
        self._load.stop()
        return {"done": "The load is stopped."}

    def start_run(self, body: Body) -> Mapping[str, Any]:
        """Runs the scenario `name`, with `knobs`, as its negative control if `control`, at `speed`."""
        if self._account:
            sentence = f"A scenario that the page starts runs in the sandbox's own account, not in {self._account}."
            raise UserError(sentence, f"SANDBOX_ACCOUNT={self._account} sandbox scenario run NAME")
        if self._surface.runtime == "simulated":
            sentence = "The load balancers are simulated: the scenario's requests would find nothing that listens on this machine."
            raise UserError(sentence, commands.VIRTUAL)
        speed = _number(body, "speed") if body.get("speed") else self._surface.clock.speed
        if not 0 < speed <= FASTEST:
            raise UserError(f"The speed must be above 0 and at most {FASTEST:g}.", "sandbox scenario run --help")
        name, knobs = str(body.get("name", "")), str(body.get("knobs", "")).split()
        if len(knobs) > MOST_KNOBS or not all(KNOB.fullmatch(each) for each in knobs):
            raise UserError("Invalid knobs: expected name=value, several with spaces between them.", "sandbox scenario show NAME")
        run_id = self._runs.start(name, control=bool(body.get("control")), speed=speed, knobs=knobs)
        return {"done": f"The scenario {name} runs as {run_id}.", "run": run_id}

    def stop_run(self, body: Body) -> Mapping[str, Any]:
        """The run removes what it made, and ends."""
        self._runs.stop(str(body["run_id"]))
        return {"done": f"{body['run_id']} is being stopped: it removes what it made."}

    def _listener_at(self, url: str) -> str:
        """The load balancer whose listener answers at the URL."""
        for balancer in self._surface.observed().load_balancers:
            for listener in balancer.listeners or ():
                address = self._surface.listener_address(listener.arn)
                if address and url == f"http://{address[0]}:{address[1]}/":
                    return balancer.name
        raise UserError(f"No listener of a load balancer answers at {url!r}.", "sandbox status")


def _number(body: Body, name: str) -> float:
    given = body.get(name)
    try:
        value = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else float("nan")
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise UserError(f"Invalid {name} {given!r}: expected a number.", "sandbox open")
    return value
