"""The tutorial's application, as its author intended it (TUT-1 to TUT-5): a page that shows which instance served it.

It runs inside instances and does not use the sandbox: the instance's identity comes from cloud-init, as on EC2, or from the environment if
there is no cloud-init. `/health` is for the load balancer; `/burn` and `/sleep` create load for scaling and draining.
"""

import hashlib
import json
import math
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template_string, request

INSTANCE_DATA = Path("/run/cloud-init/instance-data.json")
LONGEST = 60.0  # seconds that one request may burn or sleep

PAGE = """<!doctype html>
<title>Coinbase Fault-Tolerant System</title>
<h1>Coinbase Fault-Tolerant System</h1>
{% for name, value in facts.items() %}<p>{{ name }}: {{ value }}</p>
{% endfor %}"""


def instance_facts(instance_data: Path = INSTANCE_DATA, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Instance id, zone, Region and host name, from cloud-init, else from the environment, else "unknown"."""
    try:
        found = json.loads(instance_data.read_text())["v1"]
    except (OSError, KeyError, ValueError):
        found = {}
    return {
        "instance_id": found.get("instance_id") or environ.get("INSTANCE_ID", "unknown"),
        "availability_zone": found.get("availability_zone") or environ.get("AVAILABILITY_ZONE", "unknown"),
        "region": found.get("region") or environ.get("AWS_REGION", "unknown"),
        "hostname": environ.get("INSTANCE_HOSTNAME") or socket.gethostname(),
    }


def seconds_asked(default: float) -> float:
    """The parameter `seconds`. Raises ValueError with a message for the caller if it is not a number in the allowed range."""
    text = request.args.get("seconds", str(default))
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"Invalid seconds={text!r}: expected a number from 0 to {LONGEST:g}.")
    return seconds


def burn(seconds: float) -> None:
    """Uses that many seconds of CPU time. Takes longer if the instance's CPU limit or other requests slow it down."""
    end = time.thread_time() + seconds
    block = bytes(1024)
    while time.thread_time() < end:
        hashlib.sha256(block).digest()


def create_app(facts: Mapping[str, str] | None = None) -> Flask:
    app = Flask(__name__)
    who = dict(facts if facts is not None else instance_facts())

    def answer(**more: Any) -> Response:
        """The instance's identity and what was done: JSON if the caller accepts it, else a page."""
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return jsonify({**who, **more, "timestamp": time.time()})
        shown = {"Running on": f"{who['instance_id']} ({who['hostname']})", "Zone": who["availability_zone"]}
        shown |= {name.capitalize(): value for name, value in more.items()}
        return Response(render_template_string(PAGE, facts={**shown, "Timestamp": time.time()}), mimetype="text/html")

    def timed(work: Callable[[float], None], name: str, default: float) -> Response:
        seconds = seconds_asked(default)
        work(seconds)
        return answer(**{name: f"{seconds:g} s"})

    @app.get("/")
    def home() -> Response:
        return answer()

    @app.get("/health")
    def health() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/burn")
    def burn_cpu() -> Response:
        return timed(burn, "burned", 0.5)

    @app.get("/sleep")
    def sleep() -> Response:
        return timed(time.sleep, "slept", 2)

    @app.errorhandler(ValueError)
    def refuse(error: ValueError) -> tuple[Response, int]:
        return Response(f"{error}\n", mimetype="text/plain"), 400

    return app


app = create_app()

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=80)
