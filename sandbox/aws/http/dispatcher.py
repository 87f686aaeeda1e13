"""Seam S3: moto's dispatcher, extended with services of ours and with one name per service.

It determines the service of a request and returns the WSGI app that handles it. moto's dispatcher uses the signature's scope and the host
patterns of its services, and assumes Amazon S3 if both fail; ours reports that the service is unknown.
"""

import os
from collections import ChainMap
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, TypeVar

import moto.backends as moto_backends
from flask import Flask
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.responses import BaseResponse
from moto.core.utils import convert_to_flask_response, service_name_from_moto_package_name
from moto.moto_server.werkzeug_app import HTTP_METHODS, BackendRequest, DomainDispatcherApplication, create_backend_app

from sandbox.aws.seams import REGISTRY, Seam
from sandbox.core.errors import ApiError

R = TypeVar("R", bound=type[BaseResponse])

ELB_VERSIONS = {"2012-06-01": "elb", "2015-12-01": "elbv2"}
"""Two services share a host and moto's app `elb`; the request's Version selects one (moto/elb/urls.py)."""

WITHOUT_PATTERN = frozenset({"dynamodb", "dynamodb_v20111205", "dynamodbstreams", "s3control", "sesv2"})
"""Names that moto's infer_service_region_host returns instead of a host."""

BOTOCORE_NAMES = {"awslambda": "lambda"}

_DECLARED: dict[str, type[BaseResponse]] = {}
"""Services of ours, in every dispatcher: name → responses."""


class DeclaredService:
    """Seam S3: a whole service of ours, in place of moto's or where moto has none."""

    def __init__(self, name: str, ours: type[BaseResponse], why: str) -> None:
        self.name, self.ours, self.why = name, ours, why

    def install(self) -> None:
        _DECLARED[self.name] = self.ours

    def seams(self) -> Iterator[Seam]:
        if self.name in _DECLARED:
            by = f"{self.ours.__module__}.{self.ours.__qualname__}"
            yield Seam(seam="S3", where=f"moto.{self.name}", by=by, why=self.why)


def declare_service(name: str, why: str) -> Callable[[R], R]:
    """Makes the class the responses of a service. `name` is the service's signing name and the first label of its host."""

    def decorate(cls: R) -> R:
        REGISTRY.declare(DeclaredService(name, cls, why))
        return cls

    return decorate


class Dispatcher(DomainDispatcherApplication):
    def __init__(self) -> None:
        super().__init__(self._create)
        self._ours: ChainMap[str, type[BaseResponse]] = ChainMap({}, _DECLARED)
        self._app_of_host = lru_cache(maxsize=4096)(self._find_app)
        _forget_profile()

    def register(self, name: str, response_class: type[BaseResponse]) -> None:
        """Adds a service that moto lacks. `name` is its signing name and first label of its host."""
        self._ours[name] = response_class

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(self._ours)

    def app_name(self, environ: dict[str, Any]) -> str | None:
        """Name of the app that handles the request ("ec2"; "elb" for both load balancer services); None: the service is unknown.

        Raises LookupError with the service's name if there is no such service here, ApiError if the signature has no Region.
        """
        host = self.infer_service_region_host(environ, environ.get("PATH_INFO", ""))
        if host is None:
            return None
        service, _, where = host.partition(".")
        if where.startswith("."):
            raise ApiError("SignatureDoesNotMatch", "Credential should be scoped to a valid region.", status=403)
        if service in self._ours:
            return service
        found = self._app_of_host(host)
        if found is None:
            raise LookupError(service)
        return found

    def _find_app(self, host: str) -> str | None:
        """Like moto's get_backend_for_host, but it does not print and does not list moto's folder at each request."""
        if host in WITHOUT_PATTERN:
            return host
        found = (name for name, pattern in self.backend_url_patterns if pattern.match(f"http://{host}"))
        return next(found, None)

    def app(self, name: str) -> Flask:
        """The WSGI app. The caller holds the sandbox's lock: creating an app may create the first backend of its service."""
        with self.lock:
            if name not in self.app_instances:
                self.app_instances[name] = self._create(name)
            return self.app_instances[name]

    def botocore_name(self, name: str, version: str | None, action: str | None = None) -> str:
        """The name for boto3.client(): "elbv2". Raises ApiError if two services share the app and the version is of neither."""
        if name in self._ours:
            return str(self._ours[name]().boto3_service_name)
        if name == "elb":
            if version not in ELB_VERSIONS:
                raise ApiError("InvalidAction", f"Could not find operation {action} for version {version or 'NO_VERSION_SPECIFIED'}")
            return ELB_VERSIONS[version]
        return BOTOCORE_NAMES.get(name) or str(service_name_from_moto_package_name(name.replace("-", "")))

    def offers(self, name: str, region: str) -> bool:
        """Whether AWS offers the service in the Region. Services of ours are offered where EC2 is."""
        return _offers("ec2" if name in self._ours else name, region)

    def _create(self, name: str) -> Flask:
        if name not in self._ours:
            return create_backend_app(name)
        app = Flask("sandbox")
        app.debug = True  # like moto's apps: exceptions reach the gateway
        app.request_class = BackendRequest
        view = convert_to_flask_response(self._ours[name].dispatch)
        app.add_url_rule("/", "root", view, methods=HTTP_METHODS)
        app.add_url_rule("/<path:path>", "path", lambda path: view(), methods=HTTP_METHODS)
        return app


@cache
def _offers(name: str, region: str) -> bool:
    backends = moto_backends.get_backend(name)
    if not isinstance(backends, BackendDict):
        return True
    account = backends[DEFAULT_ACCOUNT_ID]
    return "aws" in account.regions or region in account.regions


def _forget_profile() -> None:
    """Loads moto's list of Regions without AWS_PROFILE: botocore fails if it names a profile that is not in ~/.aws."""
    kept = {name: os.environ.pop(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if name in os.environ}
    try:
        AccountSpecificBackend.get_session().get_available_regions("ec2")
    finally:
        os.environ.update(kept)
