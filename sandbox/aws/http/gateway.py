"""The gateway: every request to the sandbox, from a socket or from a controller, passes through it to moto.

The steps are: guard (refuse requests that a web page could have sent), parse the call, take the sandbox's lock, record an event, call moto,
wake the controllers. What moto cannot handle becomes an AWS-shaped error in the client's protocol, never HTML. Paths under /_sandbox go to
the control app.

Requests run under the lock. What waits must release it: an SQS long poll waits on a condition of the lock (long_poll.py). What does I/O of
a driver runs without the lock (OUTSIDE_LOCK). Links and files that AWS serves without a signature are in links.py.
"""

import gzip
import io
import traceback
import zlib
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from moto.core.request import Request
from moto.core.responses import BaseResponse

import sandbox.aws.hosting.compiled_xml
import sandbox.aws.hosting.moto_patterns
import sandbox.aws.hosting.moto_speed
import sandbox.aws.protocols.content_types  # noqa: F401 - declares its seams
from sandbox.aws.catalogue.packages import what_is_missing
from sandbox.aws.catalogue.refusals import pretends
from sandbox.aws.context import LOCK, called_by, calling_role, context
from sandbox.aws.http import answers, calls, links, trail
from sandbox.aws.http.answers import Answer
from sandbox.aws.http.calls import Call
from sandbox.aws.http.dispatcher import Dispatcher
from sandbox.aws.http.guard import NO_INSTANCES, InstanceAccess, is_control, is_moto_api, only_reads, refusal
from sandbox.aws.http.wsgi import ACCOUNT, CALLER, Environ, Wsgi, run
from sandbox.aws.protocols import rpc_v2
from sandbox.aws.protocols.errors import named
from sandbox.aws.requests import accounts, injected, lookups, strangers, tags
from sandbox.aws.requests.throttle import Throttle
from sandbox.core import caller
from sandbox.core.errors import ApiError, UserError
from sandbox.core.events import Event
from sandbox.core.identity.owner import working_for

OUTSIDE_LOCK = {("ec2", "GetConsoleOutput"), ("ec2-instance-connect", "SendSSHPublicKey")}
"""They do I/O of the runtime."""
ABANDONED = "The caller closed the connection before the request was processed, so it was not carried out."
LARGEST_UNPACKED = 16 * 2**20
"""Bytes of a body, after decompression. No operation accepts more (PutMetricData: 1 MB), and a few compressed bytes may expand to
gigabytes."""


class Instant(Protocol):
    """Instant timing (sandbox/instant.py)."""

    def settle(self) -> None:
        """Returns when everything that is due soon has happened."""
        ...

    def restart(self) -> None:
        """The sandbox was emptied: time may continue from the machine's."""
        ...


TARGET = "HTTP_X_AMZ_TARGET"
LONGEST_QUERY = 2**16
"""Characters of a query string: longer requests are sent as a form."""


class Gateway:
    """A WSGI app. `control` handles /_sandbox; `allowed_hosts` are accepted host names besides loopback (Compose services). `instant`
    lets happen what a call caused before its answer leaves; None: answers leave at once. `instances`: what they may reach. `throttle`: how
    many requests an account may send; None: any number."""

    def __init__(
        self,
        control: Wsgi | None = None,
        allowed_hosts: Collection[str] = (),
        instant: Instant | None = None,
        instances: InstanceAccess = NO_INSTANCES,
        throttle: Throttle | None = None,
    ) -> None:
        self.control, self.allowed_hosts, self.instant, self.instances = control, allowed_hosts, instant, instances
        self.throttle = throttle
        self._dispatcher = Dispatcher()

    def register_service(self, name: str, response_class: type[BaseResponse]) -> None:
        """Adds a whole service that moto lacks ("arc-zonal-shift")."""
        self._dispatcher.register(name, response_class)

    @property
    def added_services(self) -> tuple[str, ...]:
        """Botocore's names of the services that moto lacks."""
        return tuple(self._dispatcher.botocore_name(name, None) for name in self._dispatcher.added)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        refused = None if CALLER in environ else refusal(environ, self.allowed_hosts, self.instances)
        if refused is not None:
            answer = answers.forbidden(refused.message, refused.next_command)
        elif is_control(environ):
            if self.control is not None:
                return self.control(environ, start_response)
            answer = answers.plain_text(404, "This sandbox has no control API.")
        elif is_moto_api(environ):
            answer = self._moto_api(environ)
        else:
            answer = links.file(environ) or self._in_account(accounts.with_account(links.with_scope(environ)))
        start_response(answer.status_line, list(answer.headers))
        return [answer.body]

    def _in_account(self, environ: Environ) -> Answer:
        with working_for(environ[ACCOUNT]):
            return answers.well_formed(self._api(environ))

    def _moto_api(self, environ: Environ) -> Answer:
        """moto's own test API (reset, seed), which moto's conformance suite uses."""
        with LOCK:
            if caller.current().hung_up:
                return answers.plain_text(408, ABANDONED)
            answer = run(self._dispatcher.app("moto_api"), environ)
            if _is_html(answer):  # moto's dashboard, which loads its scripts from the internet
                return answers.plain_text(404, "The sandbox has no web page. See: sandbox status")
            if not only_reads(environ):
                about = Event(source="sandbox.gateway", detail_type="moto API Call", summary=f"a user called {environ['PATH_INFO']}")
                context().journal.record(about)
        if self.instant is not None:
            self.instant.restart()
        context().wake()
        return answer

    def _api(self, environ: Environ) -> Answer:
        protocol, service = calls.guess_protocol(environ), ""
        try:
            body = _read(environ)
            environ = rpc_v2.routed(environ)
            name = self._app_name(environ, body)
            request = Request(_fresh(environ, body))
            version, action = request.values.get("Version"), request.values.get("Action")
            service = calls.service_of(self._dispatcher.botocore_name(name, version, action), request)
            protocol = calls.protocol_of(service, environ)
            if protocol in (answers.REST_JSON, answers.REST_XML):
                environ = {name: value for name, value in environ.items() if name != TARGET}  # moto would take it for the operation
            _check_size(protocol, body, environ)
            call = _understand(service, protocol, request)
            return answers.as_of(self._carry_out(call, name, _fresh(environ, body)), service, protocol)
        except ApiError as error:
            answer = answers.render(error, protocol, named(service, error.code, protocol, environ) if service else None)
            return answers.as_of(answer, service, protocol) if service else answer
        except calls.ServiceNotSupported as lost:
            return answers.render(lost.error, lost.protocol)
        except UnicodeDecodeError:
            return answers.render(ApiError("MalformedQueryString", "The query string contains a syntax error."), protocol)
        except Exception as error:
            unread = Call(service="unknown", source="sandbox", operation="unparsed request", protocol=protocol, region="")
            return answers.render(_fault(unread, error, None), protocol)

    def _app_name(self, environ: Environ, body: bytes) -> str:
        try:
            name = self._dispatcher.app_name(_fresh(environ, body))
        except LookupError as error:
            if isinstance(error, KeyError):  # moto needs a header that the service's clients send
                raise ApiError("IncompleteSignature", f"The request does not identify its service: {error} is missing") from error
            if isinstance(error, IndexError):
                raise ApiError("IncompleteSignature", "Authorization header requires 'Credential' parameter.") from error
            raise calls.service_not_supported(str(error.args[0]), Request(_fresh(environ, body))) from error
        if name is None:
            raise ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)
        return name

    def _carry_out(self, call: Call, name: str, environ: Environ) -> Answer:
        with LOCK:  # creating the app may import moto's service and create its first backend
            pretended = self._refusal(call, environ[ACCOUNT])  # then the service need not be loaded
            app = self._app(call, name) if pretended is None else _raising(pretended)
        outside = (call.service, call.operation) in OUTSIDE_LOCK
        lock: AbstractContextManager[Any] = nullcontext() if outside else LOCK
        role = injected.role_of(call, environ)
        with lock, called_by(call.caller, role):
            if caller.current().hung_up:
                raise _abandoned(call)
            answer = self._journalled(call, app, environ) if call.recorded else self._answer(call, app, environ, None)
        if not call.read_only and call.service != "sqs":  # no controller depends on the messages of a queue
            context().wake()
            if self.instant is not None and call.caller is None:
                self.instant.settle()
        injected.delay(injected.as_faults_see_it(call, role))
        return answer

    def _refusal(self, call: Call, account: str) -> ApiError | None:
        throttled = self.throttle.refusal(call, account) if self.throttle else None
        return throttled or strangers.refusal(call, account) or pretends(call)

    def _app(self, call: Call, name: str) -> Wsgi:
        try:
            offered = self._dispatcher.offers(name, call.region)
            app: Wsgi = self._dispatcher.app(name)
        except ImportError as error:
            raise calls.not_supported(call.operation, call.service, what_is_missing(name, error)) from error
        except Exception as error:
            raise _fault(call, error, None) from error
        if not offered:
            raise ApiError("InvalidRegion", f"There is no {call.service} in a Region named {call.region!r}.")
        return app

    def _journalled(self, call: Call, app: Wsgi, environ: Environ) -> Answer:
        journal = context().journal
        event = journal.record(trail.called(call))
        with journal.because(event.id):
            answer = self._answer(call, app, environ, event.id)
        if answer.status >= 400:
            code, message = answers.error_of(answer)
            journal.record(trail.failed(call, code, message, cause=event.id))
        return answer

    def _answer(self, call: Call, app: Wsgi, environ: Environ, cause: str | None) -> Answer:
        try:
            if error := context().faults.api_error(injected.as_faults_see_it(call, calling_role())):
                raise error
            answer = run(app, environ)
        except ApiError as error:
            return answers.render(error, call.protocol, named(call.service, error.code, call.protocol, environ))
        except (NotImplementedError, ModuleNotFoundError) as error:  # moto's code, or a library that moto needs for this operation alone
            why = what_is_missing(call.service, error) if isinstance(error, ModuleNotFoundError) else ""
            return answers.render(calls.not_supported(call.operation, call.service, why or str(error)), call.protocol)
        except UserError as error:
            return answers.render(ApiError("InvalidRequest", error.message), call.protocol)
        except Exception as error:
            refused = lookups.refusal(error, call.service, call.operation, call.protocol, call.parameters) or _fault(call, error, cause)
            return answers.render(refused, call.protocol, named(call.service, refused.code, call.protocol, environ))
        if answer.status >= 400 and _is_html(answer):
            return answers.render(calls.not_supported(call.operation, call.service), call.protocol)
        return answer


def _raising(error: ApiError) -> Wsgi:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise error

    return app


def _understand(service: str, protocol: str, request: Request) -> Call:
    operation, in_path = calls.operation_of(service, protocol, request)
    parameters = calls.parameters_of(operation, in_path, protocol, request)
    if not request.environ.get(CALLER):
        tags.check(service, operation.name, parameters)
    return Call(
        service=service,
        source=operation.service_model.metadata.get("endpointPrefix", service),
        operation=operation.name,
        protocol=protocol,
        region=BaseResponse().get_region_from_url(request, request.raw_url),
        caller=request.environ.get(CALLER),
        address=request.environ.get("REMOTE_ADDR", "127.0.0.1"),
        user_agent=request.headers.get("User-Agent", ""),
        parameters=parameters,
    )


def _read(environ: Environ) -> bytes:
    """The whole body, decompressed. Raises ApiError if it is shorter than Content-Length or not valid gzip."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if len(body) < length:
        raise ApiError("RequestTimeout", f"The body has {len(body)} bytes; Content-Length is {length}.")
    return _unpacked(body) if environ.get("HTTP_CONTENT_ENCODING", "").lower() == "gzip" else body


def _check_size(protocol: str, body: bytes, environ: Environ) -> None:
    """Of a request whose body holds parameters and no file."""
    if protocol in (answers.EC2, answers.QUERY, answers.JSON, answers.CBOR):
        if len(body) > LARGEST_UNPACKED:
            raise ApiError("RequestEntityTooLarge", f"The body has more than {LARGEST_UNPACKED} bytes.", status=413)
        if len(environ.get("QUERY_STRING", "")) > LONGEST_QUERY:
            raise ApiError("RequestUriTooLarge", f"The query string has more than {LONGEST_QUERY} characters.", status=414)


def _unpacked(body: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            found = file.read(LARGEST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ApiError("SerializationException", f"The body is not valid gzip: {error}") from error
    if len(found) > LARGEST_UNPACKED:
        raise ApiError("RequestEntityTooLarge", f"The decompressed body has more than {LARGEST_UNPACKED} bytes.", status=413)
    return found


def _fresh(environ: Environ, body: bytes) -> Environ:
    """A copy whose body is unread. moto takes the account from a header."""
    copy = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    copy.pop("HTTP_CONTENT_ENCODING", None)
    copy.setdefault("RAW_URI", environ.get("REQUEST_URI", ""))  # before percent-decoding: moto reads S3 keys from it
    if environ.get(ACCOUNT):
        copy["HTTP_X_MOTO_ACCOUNT_ID"] = environ[ACCOUNT]
    return copy


def _abandoned(call: Call) -> ApiError:
    """For a caller that hung up while waiting for the lock. Nobody reads this response; a call that changes something is journalled."""
    error = ApiError("RequestTimeout", ABANDONED)
    if call.recorded:
        context().journal.record(trail.failed(call, error.code, error.message))
    return error


def _is_html(answer: Answer) -> bool:
    """Flask's own error page: moto has no route for the operation."""
    says_so = any(name.lower() == "content-type" and "html" in value for name, value in answer.headers)
    return says_so and answer.body[:1024].lstrip().lower().startswith(b"<!doctype html")


def _fault(call: Call, error: Exception, cause: str | None) -> ApiError:
    event = context().journal.record(trail.fault(call, error, traceback.format_exc(), cause))
    return ApiError(
        "InternalFailure",
        f"The sandbox failed to process {call.operation} of {call.service}: {type(error).__name__}: {error}. This is a bug in the sandbox, "
        f"not an error in the request. For the traceback, see event {event.id}: sandbox events",
        status=500,
    )
