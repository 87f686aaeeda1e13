"""What the service answers to a request: methods, tokens, codes (IMDS-2 to IMDS-5). Pure, but for the token's random number.

The caller is known already: a request only ever sees the document of the instance that sent it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from sandbox.drivers.metadata.base import MetadataDocument
from sandbox.drivers.metadata.server.tokens import Tokens, valid_ttl
from sandbox.drivers.metadata.server.tree import LISTING, USER_DATA, VERSIONS, tree

TOKEN_PATH = "/latest/api/token"
TOKEN, TOKEN_TTL, FORWARDED_FOR = "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "x-forwarded-for"
TEXT, BYTES, PAGE = "text/plain", "application/octet-stream", "text/html"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str  # as sent, with its query
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = TEXT
    token_seconds: int | None = None  # the header with the token's TTL
    hop_limit: int | None = None  # the packets of this response do not travel further (IMDS-6); None: no limit
    without_token: bool = False  # IMDSv1


@dataclass(frozen=True, slots=True)
class Caller:
    """An instance, as the service knows it."""

    document: MetadataDocument
    bodies: Mapping[str, bytes]  # path → body

    @staticmethod
    def of(document: MetadataDocument) -> "Caller":
        return Caller(document, tree(document))


def error(status: int, *, without_token: bool = False) -> Response:
    """The small page that the service sends with an error."""
    title = f"{status} - {HTTPStatus(status).phrase}"
    page = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
        f" <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    )
    return Response(status, page.encode(), PAGE, without_token=without_token)


def answer(request: Request, caller: Caller | None, tokens: Tokens) -> Response:
    """`caller` None: no instance has the source address of the request."""
    if caller is None or not caller.document.options.endpoint_enabled:
        return error(403)  # IMDS-4
    if request.method == "PUT":
        return _token(request, caller, tokens)
    if request.method not in ("GET", "HEAD"):
        return error(405)
    return _read(request, caller, tokens)


def _token(request: Request, caller: Caller, tokens: Tokens) -> Response:
    """IMDS-2, IMDS-5."""
    if FORWARDED_FOR in request.headers or _without_query(request.path).rstrip("/") != TOKEN_PATH:
        return error(403)
    ttl = valid_ttl(request.headers.get(TOKEN_TTL))
    if ttl is None:
        return error(400)
    made = tokens.issue(caller.document.instance_id, ttl).encode()
    return Response(200, made, token_seconds=ttl, hop_limit=caller.document.options.hop_limit)


def _read(request: Request, caller: Caller, tokens: Tokens) -> Response:
    """IMDS-3, IMDS-4."""
    token = request.headers.get(TOKEN)
    seconds = None if token is None else tokens.seconds_left(caller.document.instance_id, token)
    if token is None and caller.document.options.tokens_required:
        return error(401, without_token=True)
    if token is not None and seconds is None:
        return error(401)
    if _without_query(request.path) == TOKEN_PATH:
        return error(405)
    body, content_type = _body(request.path, caller)
    if body is None:
        return error(404, without_token=token is None)
    return Response(200, body, content_type, token_seconds=seconds, without_token=token is None)


def _body(path: str, caller: Caller) -> tuple[bytes | None, str]:
    """A slash at the end changes nothing: botocore's region fetcher reads availability-zone/ (OBS)."""
    steps = [step for step in unquote(_without_query(path)).split("/") if step]
    if not steps:
        return LISTING, TEXT
    if steps[0] not in VERSIONS:
        return None, TEXT
    below = "/".join(steps[1:])
    return caller.bodies.get(below), BYTES if below == USER_DATA else TEXT  # UD-3


def _without_query(path: str) -> str:
    return path.partition("?")[0]
