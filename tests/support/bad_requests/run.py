"""Sends bad requests to a sandbox in virtual time and collects what goes wrong.

A seed gives rounds, and each round is a new sandbox with the same account in it, so that one round replays without those before it.
"""

import gc
import io
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.sqs.responses import SQSResponse

from sandbox.aws import state
from sandbox.aws.http.server import Server
from sandbox.services.autoscaling.api.responses.groups import SandboxAutoScalingResponse
from sandbox.services.cloudformation.api.responses import CloudFormationResponse
from sandbox.services.cloudwatch.api.responses import SandboxCloudWatchResponse
from sandbox.services.ec2.api.responses import SandboxEC2Response
from sandbox.services.elbv2.api.responses import SandboxELBv2Response
from sandbox.services.fis.api.responses import FisResponse
from sandbox.services.sns.api.responses import SandboxSNSResponse
from tests.support.bad_requests import sockets, states
from tests.support.bad_requests.account import Account
from tests.support.bad_requests.drafts import PROTOCOLS, Draft, Drafter, model
from tests.support.bad_requests.mutations import mutate
from tests.support.bad_requests.verdicts import Answered, complaint
from tests.support.bad_requests.wire import Sent, broken, request
from tests.support.services.ec2_calls import LARGE
from tests.support.virtual import VirtualSandbox, virtual_sandbox

ROUND = 250
"""Requests of one round."""
BROKEN = 0.12
"""The share of requests that are broken as HTTP requests, not by their parameters."""

RESPONSES: dict[str, type] = {
    "ec2": SandboxEC2Response,
    "autoscaling": SandboxAutoScalingResponse,
    "elbv2": SandboxELBv2Response,
    "cloudwatch": SandboxCloudWatchResponse,
    "sns": SandboxSNSResponse,
    "sqs": SQSResponse,
    "cloudformation": CloudFormationResponse,
    "fis": FisResponse,
}
IN_PARTS = ("DeleteDashboards",)
"""Operations that carry out what they can of a request and refuse the rest (CW-64)."""
WEIGHTS = {"ec2": 8, "autoscaling": 4, "elbv2": 4, "cloudwatch": 4, "sns": 2, "sqs": 2, "cloudformation": 3, "fis": 2}


@dataclass(frozen=True, slots=True)
class Failure:
    seed: int
    round: int
    number: int
    draft: Draft
    sent: Sent
    what: str
    answer: Answered

    def __str__(self) -> str:
        where = f"{self.draft.service} {self.draft.operation} ({self.draft.protocol}; {self.draft.kind})"
        return f"{where}: {self.what}\n  replay: make badrequests SEED={self.seed} ROUND={self.round} NUMBER={self.number}"

    @property
    def details(self) -> str:
        shown = f"{self.sent.method} {self.sent.path:.300}\n{self.sent.headers}\n{self.sent.body[:2000]!r}"
        return f"{shown}\n→ {self.answer.status} {self.answer.body[:1500]!r}"


@dataclass
class Report:
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    aftermath: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.requests += other.requests
        self.statuses += other.statuses
        self.failures += other.failures
        self.aftermath += other.aftermath


@cache
def served(service: str) -> tuple[str, ...]:
    """The operations that the sandbox has."""
    return tuple(name for name in model(service).operation_names if hasattr(RESPONSES[service], camelcase_to_underscores(name)))


@cache
def required(service: str, operation: str) -> bool:
    """Whether the operation needs a parameter."""
    shape = model(service).operation_model(operation).input_shape
    return bool(shape and shape.required_members)


def run(seed: int, count: int, say: Callable[[Failure], None] = lambda _: None) -> Report:
    report = Report()
    for number in range(-(-count // ROUND)):
        report.add(Round(seed, number).run(min(ROUND, count - number * ROUND), say))
    return report


class Round:
    def __init__(self, seed: int, number: int) -> None:
        self.seed, self.number = seed, number
        self._rng = random.Random(f"{seed} {number}")
        self._sandbox = virtual_sandbox(seed=7)
        state.reset(7)
        self._account = Account(self._sandbox)
        self._drafter = Drafter(self._account, self._rng)
        self._after_refused: bytes | None = None

    def run(self, count: int, say: Callable[[Failure], None] = lambda _: None, shown: int | None = None) -> Report:
        """`shown`: the number of the request whose details are said even if nothing is wrong with it."""
        report = Report()
        for number, (draft, sent) in enumerate(self._requests(count)):
            answer, what = self._judged(draft, sent)
            report.requests += 1
            report.statuses[answer.status] += 1
            if what is not None or number == shown:
                failure = Failure(self.seed, self.number, number, draft, sent, what or "nothing is wrong", answer)
                say(failure)
                if what is not None:
                    report.failures.append(failure)
        report.aftermath += [f"round {self.number} of seed {self.seed}: {what}" for what in self._aftermath()]
        gc.collect()
        return report

    def _aftermath(self) -> Iterator[str]:
        """What is wrong with the sandbox after a round: what was accepted must not break a loop or what describes it."""
        journal = self._sandbox.sandbox.journal
        newest = journal.events()[-1].id
        self._sandbox.run(150)
        yield from (event.summary for event in journal.events() if event.id > newest and event.source == "sandbox.engine")
        for service in PROTOCOLS:
            for operation in served(service):
                if operation.startswith("Describe") and not LARGE.match(operation) and not required(service, operation):
                    answer = send(self._sandbox, request(Draft(service, operation, PROTOCOLS[service][0], {})))
                    if what := complaint(answer, "POST"):
                        yield f"{service} {operation} {what}: {answer.body[:400]!r}"

    def _requests(self, count: int) -> Iterator[tuple[Draft, Sent]]:
        known = self._account.every()
        for _ in range(count):
            service = self._rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            draft = self._drafter.draft(service, self._rng.choice(served(service)))
            if self._rng.random() < BROKEN:
                sent = request(draft)
                draft.kind = broken(sent, self._rng)
            else:
                sent = request(mutate(draft, self._rng, known))
            yield draft, sent

    def over_sockets(self, count: int, say: Callable[[str], None]) -> int:
        """Sends such requests, broken on the wire, to a server. → how many got a wrong answer."""
        server, failures = Server(self._sandbox.sandbox.gateway, port=0), 0
        server.start()
        try:
            for number, (draft, sent) in enumerate(self._requests(count)):
                way, data = sockets.broken(sent, self._rng)
                what = sockets.complaint(server, data)
                if what is not None:
                    failures += 1
                    where = f"{draft.service} {draft.operation} over a socket ({way}; seed {self.seed}, number {number})"
                    say(f"{where}: {what}\n  {data[:1000]!r}")
        finally:
            server.stop()
        return failures

    def _judged(self, draft: Draft, sent: Sent) -> tuple[Answered, str | None]:
        before = self._after_refused or states.digest()
        faults = self._faults()
        answer = send(self._sandbox, sent)
        after = states.digest()
        self._after_refused = after
        what = complaint(answer, sent.method)
        if what is None and self._faults() > faults:
            what = "a fault of the sandbox is in the journal"
        if what is None and answer.refused and draft.operation not in IN_PARTS and (changed := states.difference(before, after)):
            what = f"refused with {answer.status}, but it changed {changed}"
        return answer, what

    def _faults(self) -> int:
        return sum(event.detail_type == "Sandbox Fault" for event in self._sandbox.sandbox.journal.events()[-5:])


def send(sandbox: VirtualSandbox, sent: Sent) -> Answered:
    path, _, query = sent.path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": sent.method,
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "4566",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:4566",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(sent.body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent.body),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in sent.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.encode().decode("latin-1")
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = int(status.split(maxsplit=1)[0]), {name.lower(): value for name, value in headers}

    began = time.thread_time()
    body = b"".join(sandbox.sandbox.gateway(environ, start_response))
    return Answered(started[0], started[1], body, time.thread_time() - began)
