"""Reads cloud-config: the keys of UD-9, as values. Pure. Of several cloud-config parts, a key of a later one replaces an earlier one's."""

import base64
import binascii
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from sandbox.drivers.runtime.user_data.parts import Unreadable, unpacked

BASE64 = ("b64", "base64", "gz+b64", "gz+base64", "gzip+b64", "gzip+base64")
GZIP = ("gz", "gzip", "gz+b64", "gz+base64", "gzip+b64", "gzip+base64")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An entry of write_files."""

    path: str
    content: bytes
    mode: int = 0o644
    append: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """`problems`: a sentence for each thing that could not be read."""

    keys: frozenset[str] = frozenset()
    bootcmd: str = ""  # a shell script
    runcmd: str = ""
    files: tuple[File, ...] = ()
    hostname: str | None = None
    scripts_always: bool = False  # scripts run in each boot (UD-10)
    problems: tuple[str, ...] = ()


def read(contents: Iterable[bytes]) -> CloudConfig:
    merged: dict[str, Any] = {}
    problems: list[str] = []
    for content in contents:
        try:
            merged |= _mapping(content)
        except ValueError as error:
            problems.append(str(error))
    files = _files(merged.get("write_files"), problems)
    hostname = merged.get("hostname") or merged.get("fqdn")
    return CloudConfig(
        keys=frozenset(map(str, merged)),
        bootcmd=_script(merged, "bootcmd", problems),
        runcmd=_script(merged, "runcmd", problems),
        files=files,
        hostname=hostname.split(".")[0] if isinstance(hostname, str) else None,
        scripts_always=_runs_scripts_always(merged.get("cloud_final_modules")),
        problems=tuple(problems),
    )


def _mapping(content: bytes) -> dict[str, Any]:
    """Raises ValueError with cloud-init's sentence."""
    try:
        found = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"Failed loading yaml blob. {' '.join(str(error).split())}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"Failed loading yaml blob. Yaml load allows (<class 'dict'>,) root types, but got {type(found).__name__} instead")
    return found


def _script(config: Mapping[str, Any], key: str, problems: list[str]) -> str:
    """A command is a string for the shell, or a list of arguments."""
    commands = config.get(key)
    if commands is None:
        return ""
    if not isinstance(commands, list):
        problems.append(f"Failed to shellify {key}: expected a list of commands")
        return ""
    lines = []
    for command in commands:
        if isinstance(command, str):
            lines.append(command)
        elif isinstance(command, list):
            lines.append(shlex.join(map(str, command)))
        elif command is not None:
            problems.append(f"Failed to shellify {key}: {command!r} is neither a string nor a list")
    return "#!/bin/sh\n" + "\n".join(lines) + "\n"


def _files(entries: Any, problems: list[str]) -> tuple[File, ...]:
    found = []
    for entry in entries if isinstance(entries, list) else []:
        try:
            found.append(_file(entry))
        except (Unreadable, ValueError, TypeError, AttributeError, KeyError, binascii.Error) as error:
            problems.append(f"write_files: {entry!r:.80} cannot be written: {error}")
    if entries is not None and not isinstance(entries, list):
        problems.append("write_files: expected a list of files")
    return tuple(found)


def _file(entry: Mapping[str, Any]) -> File:
    encoding = str(entry.get("encoding") or "").lower().strip()
    content = entry.get("content", "")
    data = content if isinstance(content, bytes) else str(content).encode()
    if encoding in BASE64:
        data = base64.b64decode(data)
    if encoding in GZIP:
        data = unpacked(data)
    mode = entry.get("permissions", 0o644)
    return File(
        path=str(entry["path"]),
        content=data,
        mode=mode if isinstance(mode, int) else int(str(mode), 8),
        append=bool(entry.get("append", False)),
        owner=entry.get("owner"),
    )


def _runs_scripts_always(modules: Any) -> bool:
    entries = modules if isinstance(modules, list) else []
    return any(
        isinstance(each, list) and [str(part).replace("_", "-") for part in each[:2]] == ["scripts-user", "always"] for each in entries
    )
