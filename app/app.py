"""The tutorial's application, as its author meant it (TUT-1 to TUT-5): a page that says which machine answers.

It runs inside instances, so it knows nothing of the sandbox: who it is comes from cloud-init, as on EC2, or from the environment where
there is no cloud-init. `/health` is for the load balancer; `/burn` and `/sleep` give scaling and draining something to do.
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
    """Instance id, zone, Region and host name, "unknown" where nobody tells. cloud-init's word comes before the environment's."""
    try:
        told = json.loads(instance_data.read_text())["v1"]
    except (OSError, KeyError, ValueError):
        told = {}
    return {
        "instance_id": told.get("instance_id") or environ.get("INSTANCE_ID", "unknown"),
        "availability_zone": told.get("availability_zone") or environ.get("AVAILABILITY_ZONE", "unknown"),
        "region": told.get("region") or environ.get("AWS_REGION", "unknown"),
        "hostname": environ.get("INSTANCE_HOSTNAME") or socket.gethostname(),
    }


def seconds_asked(default: float) -> float:
    """The parameter `seconds`; ValueError with a sentence for the caller when it is no number of the allowed range."""
    text = request.args.get("seconds", str(default))
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"seconds must be a number from 0 to {LONGEST:g}, not {text!r}.")
    return seconds


def burn(seconds: float) -> None:
    """Uses so many seconds of processor time: longer by the clock where the machine's limit lets it wait, or others are burning."""
    end = time.thread_time() + seconds
    block = bytes(1024)
    while time.thread_time() < end:
        hashlib.sha256(block).digest()


def create_app(facts: Mapping[str, str] | None = None) -> Flask:
    app = Flask(__name__)
    who = dict(facts if facts is not None else instance_facts())

    def answer(**more: Any) -> Response:
        """Who answers and what was done: JSON when the caller asks for it, else a page."""
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return jsonify({**who, **more, "timestamp": time.time()})
        told = {"Running on": f"{who['instance_id']} ({who['hostname']})", "Zone": who["availability_zone"]}
        told |= {name.capitalize(): value for name, value in more.items()}
        return Response(render_template_string(PAGE, facts={**told, "Timestamp": time.time()}), mimetype="text/html")

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
