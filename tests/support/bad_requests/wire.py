"""A draft as an HTTP request, and the ways to break one that are the same for all operations."""

import json
import random
import struct
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from tests.support.bad_requests.drafts import Draft, model

SIGNING = {"elbv2": "elasticloadbalancing", "cloudwatch": "monitoring"}
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(slots=True)
class Sent:
    method: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def signed(scope: str, region: str = "us-east-1") -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20260507/{region}/{scope}/aws4_request, SignedHeaders=host, Signature=0"


def request(draft: Draft) -> Sent:
    described = model(draft.service)
    headers = {"Authorization": signed(SIGNING.get(draft.service, draft.service))}
    target = described.metadata.get("targetPrefix", "")
    match draft.protocol:
        case "json":
            headers |= {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{target}.{draft.operation}"}
            return Sent("POST", "/", json.dumps(draft.document, default=_json).encode(), headers)
        case "cbor":
            headers |= {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor", "Accept": "application/cbor"}
            return Sent("POST", f"/service/{target}/operation/{draft.operation}", cbor(draft.document), headers)
        case "rest-json":
            return _rest(draft, headers | {"Content-Type": "application/json"})
    version = described.metadata["apiVersion"]
    form = {"Action": draft.operation, "Version": version} | {k: v for k, v in draft.form.items() if k not in ("Action", "Version")}
    pairs = (f"{quote_plus(name)}={quote_plus(value)}" for name, value in form.items())
    return Sent("POST", "/", "&".join(pairs).encode(), headers | {"Content-Type": FORM})


def _rest(draft: Draft, headers: dict[str, str]) -> Sent:
    """The members that the model places there are in the path and in the query; a document that is no object is the body."""
    described = model(draft.service).operation_model(draft.operation)
    path, query, body = described.http["requestUri"], [], draft.document
    if isinstance(body, dict):
        body = dict(body)
        for name, member in (described.input_shape.members if described.input_shape else {}).items():
            place, sent_as = member.serialization.get("location"), member.serialization.get("name", name)
            if place in ("uri", "querystring"):
                value = body.pop(name, "")
                text = quote_plus(str(value).encode("utf-8", "surrogatepass"))
                path = path.replace(f"{{{sent_as}}}", text)
                query += [f"{sent_as}={text}"] if place == "querystring" and value != "" else []
    sent = json.dumps(body, default=_json).encode() if body else b""
    return Sent(described.http["method"], path + (f"?{'&'.join(query)}" if query else ""), sent, headers)


def _json(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


# ---- CBOR (RFC 8949)


def cbor(value: Any) -> bytes:
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int() if -(2**64) <= value < 2**64:
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case int() | float():
            return b"\xfb" + struct.pack(">d", float(value))
        case bytes():
            return _head(2, len(value)) + value
        case list() | tuple():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())
    raw = str(value).encode("utf-8", "surrogatepass")
    return _head(3, len(raw)) + raw


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(size for size in (1, 2, 4, 8) if number < 256**size)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + number.to_bytes(size, "big")


# ---- what breaks any request


def broken(sent: Sent, rng: random.Random) -> str:
    """Breaks it in one way. → the name of the way."""
    name = rng.choice(list(BREAKS))
    BREAKS[name](sent, rng)
    return name


def _cut(sent: Sent, rng: random.Random) -> None:
    sent.body = sent.body[: rng.randrange(len(sent.body))] if sent.body else b"{"


def _noise(sent: Sent, rng: random.Random) -> None:
    place = rng.randrange(len(sent.body) + 1)
    sent.body = (
        sent.body[:place] + rng.choice((b"\xff\xfe", b"%zz", b"%", b"&&==", b"\x00", b"<x>", b"{", b"]", b"\xbf\xff")) + sent.body[place:]
    )


def _authorization(sent: Sent, rng: random.Random) -> None:
    scopes = ("", "nonesuch", "a/b", "ec2 x", "🦆", "s3", "iam", "dynamodb", "lambda")
    sent.headers["Authorization"] = rng.choice(
        (
            *(
                "",
                "x",
                "Basic dGVzdA==",
                "Bearer t",
                "AWS4-HMAC-SHA256",
                "AWS4-HMAC-SHA256 Credential=",
                "AWS4-HMAC-SHA256 Credential=a/b/c",
            ),
            *(signed(scope) for scope in scopes),
            *(signed("ec2", region) for region in ("", "eu-nowhere-1", "us east", "..", "*")),
        )
    )


def _unsigned(sent: Sent, rng: random.Random) -> None:
    sent.headers.pop("Authorization", None)


def _content_type(sent: Sent, rng: random.Random) -> None:
    kinds = ("", "text/plain", "text/xml", "application/json", "application/x-amz-json-1.1", "application/cbor", "multipart/form-data", "x")
    sent.headers["Content-Type"] = rng.choice((*kinds, "multipart/form-data; boundary=x", FORM))


def _target(sent: Sent, rng: random.Random) -> None:
    sent.headers["X-Amz-Target"] = rng.choice(("", ".", "AmazonSQS.", "AmazonSQS.Fly", "Nothing.Known", "a.b.c", "🦆"))


def _action(sent: Sent, rng: random.Random) -> None:
    sent.body = rng.choice((b"", b"Action=", b"Action=Fly&Version=2016-11-15", b"Action=__init__", b"Version=1", b"Action=dispatch", b"{}"))


def _version(sent: Sent, rng: random.Random) -> None:
    sent.body = sent.body.replace(b"Version=20", rng.choice((b"Version=19", b"Version=&x=", b"Version=x20")))


def _method(sent: Sent, rng: random.Random) -> None:
    sent.method = rng.choice(("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "FLY"))


def _path(sent: Sent, rng: random.Random) -> None:
    sent.path = rng.choice(
        ("/x", "//", "/%00", "/%zz", "/..", "/service/x/operation/y", "/service//operation/", "/é", "/a" * 3000, "/?x=%zz")
    )


def _query(sent: Sent, rng: random.Random) -> None:
    sent.method, sent.path, sent.body = "GET", f"/?{sent.body.decode('latin-1')}", b""


def _packed(sent: Sent, rng: random.Random) -> None:
    sent.headers["Content-Encoding"] = rng.choice(("gzip", "deflate", "br", "gzip, gzip"))


BREAKS = {
    "cut": _cut,
    "noise": _noise,
    "authorization": _authorization,
    "unsigned": _unsigned,
    "content type": _content_type,
    "target": _target,
    "action": _action,
    "version": _version,
    "method": _method,
    "path": _path,
    "in the query": _query,
    "encoding": _packed,
}
