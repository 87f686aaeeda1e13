"""Whether an answer is one that AWS could give: shaped by its protocol, of a status that a refusal has, without a trace of Python."""

import json
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from botocore.parsers import BaseCBORParser

SLOWEST = 5.0  # seconds of the processor
WITHOUT_MESSAGE = ("ResourceNotFound",)
"""Errors that CloudWatch sends without a text."""
OF_PYTHON = re.compile(rb"Traceback|NoneType|object at 0x|&lt;class |<class |<!doctype|<html", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes
    seconds: float

    @property
    def refused(self) -> bool:
        return self.status >= 400


def complaint(answer: Answered, method: str) -> str | None:
    """What is wrong with it; None: nothing."""
    if answer.seconds > SLOWEST:
        return f"took {answer.seconds:.1f} s"
    if not (200 <= answer.status < 500 or answer.status == 501):
        return f"status {answer.status}"
    if method == "HEAD" or answer.status in (204, 304):
        return None
    if found := OF_PYTHON.search(answer.body):
        return f"has {found[0].decode()!r}"
    return _misshapen(answer)


def _cbor(body: bytes) -> object:
    parser = BaseCBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def _misshapen(answer: Answered) -> str | None:
    kind = answer.headers.get("content-type", "")
    try:
        if "xml" in kind:
            return _of_xml(answer)
        if "cbor" in kind:
            return _of_document(_cbor(answer.body), answer)
        if "json" in kind:
            return _of_document(json.loads(answer.body), answer)
    except Exception as error:
        return f"cannot be read as {kind}: {type(error).__name__}"
    if kind.startswith("text/plain") and answer.status in (403, 404, 405, 413, 503) and len(answer.body) < 1000:
        return None  # to a browser
    return f"has the content type {kind!r}" if answer.body or answer.refused else None


def _of_xml(answer: Answered) -> str | None:
    root = ElementTree.fromstring(answer.body)
    if not answer.refused:
        return "is an error with status 200" if root.tag.endswith("ErrorResponse") else None
    texts = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    wanted = ("Code",) if texts.get("Code") in WITHOUT_MESSAGE else ("Code", "Message")
    missing = [name for name in wanted if not texts.get(name)]
    return f"has no {' and no '.join(missing)}" if missing else None


def _of_document(document: object, answer: Answered) -> str | None:
    if not isinstance(document, dict):
        return "is not an object"
    if not answer.refused:
        return None
    kind = str(document.get("__type") or answer.headers.get("x-amzn-errortype") or "")
    if not kind:
        return "has no __type"
    silent = kind.rpartition("#")[2] in WITHOUT_MESSAGE
    return None if silent or document.get("message") or document.get("Message") else "has no message"
