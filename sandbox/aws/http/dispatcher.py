"""S3, the third seam: moto's dispatcher, with services of ours beside moto's, and with each service known by one name.

It finds out which service a request is for and gives the WSGI app that answers it. moto's own does that by the signature's scope and the
host patterns of its services, and falls back to S3 for whatever it cannot tell; ours says that it cannot tell.
"""

import os
from functools import cache, lru_cache
from typing import Any

import moto.backends as moto_backends
from flask import Flask
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.responses import BaseResponse
from moto.core.utils import convert_to_flask_response, service_name_from_moto_package_name
from moto.moto_server.werkzeug_app import HTTP_METHODS, BackendRequest, DomainDispatcherApplication, create_backend_app

from sandbox.core.errors import ApiError

ELB_VERSIONS = {"2012-06-01": "elb", "2015-12-01": "elbv2"}
"""Two services share a host and moto's app `elb`; the request's Version tells which (moto/elb/urls.py)."""

WITHOUT_PATTERN = frozenset({"dynamodb", "dynamodb_v20111205", "dynamodbstreams", "s3control", "sesv2"})
"""What moto's infer_service_region_host returns instead of a host."""

BOTOCORE_NAMES = {"awslambda": "lambda"}


class Dispatcher(DomainDispatcherApplication):
    def __init__(self) -> None:
        super().__init__(self._create)
        self._ours: dict[str, type[BaseResponse]] = {}
        self._app_of_host = lru_cache(maxsize=4096)(self._find_app)
        _forget_profile()

    def register(self, name: str, response_class: type[BaseResponse]) -> None:
        """Adds a service that moto lacks. `name` is its signing name and first label of its host."""
        self._ours[name] = response_class

    def app_name(self, environ: dict[str, Any]) -> str | None:
        """Name of the app that answers ("ec2"; "elb" for both load balancer services); None: the request does not tell the service.

        Raises LookupError with the service's name when there is no such service here, ApiError for a signature without a Region.
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
        """As moto's get_backend_for_host, without its print and its listing of moto's folder at each request."""
        if host in WITHOUT_PATTERN:
            return host
        found = (name for name, pattern in self.backend_url_patterns if pattern.match(f"http://{host}"))
        return next(found, None)

    def app(self, name: str) -> Flask:
        """The WSGI app. Called under the sandbox's lock: making one may make the first backend of its service."""
        with self.lock:
            if name not in self.app_instances:
                self.app_instances[name] = self._create(name)
            return self.app_instances[name]

    def botocore_name(self, name: str, version: str | None) -> str:
        """As boto3.client() is called: "elbv2"."""
        if name in self._ours:
            return str(self._ours[name]().boto3_service_name)
        if name == "elb":
            return ELB_VERSIONS.get(version or "", "elbv2")
        return BOTOCORE_NAMES.get(name) or str(service_name_from_moto_package_name(name.replace("-", "")))

    def offers(self, name: str, region: str) -> bool:
        """Whether AWS has the service in the Region. Services of ours are where EC2 is."""
        return _offers("ec2" if name in self._ours else name, region)

    def _create(self, name: str) -> Flask:
        if name not in self._ours:
            return create_backend_app(name)
        app = Flask("sandbox")
        app.debug = True  # as moto's: exceptions come through to the gateway
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
    """moto asks botocore for the list of Regions, which fails when AWS_PROFILE names a profile that is not in ~/.aws: ask once without."""
    kept = {name: os.environ.pop(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if name in os.environ}
    try:
        AccountSpecificBackend.get_session().get_available_regions("ec2")
    finally:
        os.environ.update(kept)
