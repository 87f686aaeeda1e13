"""Splits user data into parts and finds the type of each by its first bytes, as cloud-init does (UD-4, UD-10). Pure."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import Enum

LARGEST = 16 << 20  # bytes of unpacked user data: 16 KB can be the gzip of much more
SHOWN = 24  # characters of an unknown part in a warning
NOT_MULTIPART = "text/x-not-multipart"
GZIP_TYPES = ("application/gzip", "application/x-gzip", "application/gzip-compressed", "application/x-gzip-compressed")
LOOKED_INTO = ("text/plain", NOT_MULTIPART, "text/x-shellscript")
"""For parts of these declared types, the first bytes decide."""


class Kind(Enum):
    """The values are the types of MIME parts."""

    SCRIPT = "text/x-shellscript"
    SCRIPT_PER_BOOT = "text/x-shellscript-per-boot"
    SCRIPT_PER_INSTANCE = "text/x-shellscript-per-instance"
    SCRIPT_PER_ONCE = "text/x-shellscript-per-once"
    CLOUD_CONFIG = "text/cloud-config"
    BOOTHOOK = "text/cloud-boothook"
    INCLUDE = "text/x-include-url"
    INCLUDE_ONCE = "text/x-include-once-url"
    JINJA = "text/jinja2"
    PART_HANDLER = "text/part-handler"
    ARCHIVE = "text/cloud-config-archive"
    JSON_PATCH = "text/cloud-config-jsonp"
    UNKNOWN = ""


BEGINNINGS = {
    "## template: jinja": Kind.JINJA,
    "#cloud-config-archive": Kind.ARCHIVE,
    "#cloud-config-jsonp": Kind.JSON_PATCH,
    "#cloud-boothook": Kind.BOOTHOOK,
    "#include-once": Kind.INCLUDE_ONCE,
    "#cloud-config": Kind.CLOUD_CONFIG,
    "#part-handler": Kind.PART_HANDLER,
    "#include": Kind.INCLUDE,
    "#!": Kind.SCRIPT,
}
"""Longer ones first. Upper case and white space before them do not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    kind: Kind
    content: bytes
    name: str  # "part-001"
    declared: str = NOT_MULTIPART  # the type that its MIME header gives


class Unreadable(ValueError):
    """The sentence says why user data cannot be unpacked."""


def split(user_data: bytes) -> tuple[Part, ...]:
    """The parts in their order. Raises Unreadable."""
    data = unpacked(user_data)
    if b"mime-version:" not in data[:4096].lower():
        return (_part(data, NOT_MULTIPART, 1, None),) if data else ()
    found = [each for each in message_from_bytes(data).walk() if each.get_content_maintype() != "multipart"]
    return tuple(_part(_payload(each), each.get_content_type(), number, each) for number, each in enumerate(found, 1))


def unpacked(data: bytes) -> bytes:
    """Without gzip around it; what is no gzip, as it is. Raises Unreadable."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"Failed decompressing user data of length {len(data)}: {error}") from error
    if len(found) > LARGEST:
        raise Unreadable(f"The user data is more than {LARGEST >> 20} MiB when it is decompressed.")
    return found


def kind_of(content: bytes) -> Kind:
    """By its first bytes; UNKNOWN for all others, and for what is no text."""
    try:
        text = content.decode().lower().lstrip()
    except UnicodeDecodeError:
        return Kind.UNKNOWN
    return next((kind for beginning, kind in BEGINNINGS.items() if text.startswith(beginning)), Kind.UNKNOWN)


def unhandled(part: Part) -> str:
    """cloud-init's words for a part that it does not run (UD-4, TUT-10)."""
    first_line = part.content[: 4 * SHOWN].decode(errors="ignore").split("\n", 1)[0]
    shown = f"'{first_line[:SHOWN].encode('unicode_escape')!r}...'"
    if part.declared == NOT_MULTIPART:
        return f"Unhandled non-multipart ({NOT_MULTIPART}) userdata: {shown}"
    return f"Unhandled unknown content-type ({part.declared}) userdata: {shown}"


def urls(part: Part) -> Iterator[str]:
    """What an #include names, one in each line."""
    for line in part.content.decode(errors="replace").splitlines():
        url = line.strip().removeprefix("#include-once").removeprefix("#include").strip()
        if url and not url.startswith("#"):
            yield url


def _part(content: bytes, declared: str, number: int, header: Message | None) -> Part:
    if declared in GZIP_TYPES:
        content, declared = unpacked(content), "text/plain"
    kind = kind_of(content) if declared in LOOKED_INTO else Kind.UNKNOWN
    if kind is Kind.UNKNOWN and declared != NOT_MULTIPART:
        kind = next((each for each in Kind if each.value == declared), Kind.UNKNOWN)
    name = (header.get_filename() if header else None) or f"part-{number:03}"
    return Part(kind=kind, content=content, name=name.replace("/", "_"), declared=declared)


def _payload(message: Message) -> bytes:
    found = message.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""
