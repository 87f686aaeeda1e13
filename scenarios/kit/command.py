"""Writes a boto3 call as the equivalent `aws` command, so that a reader can repeat each step of a scenario. Pure.

Values use the AWS CLI's notation: lists with spaces, flat structures as shorthand, nested ones as JSON.
"""

import importlib
import json
import re
import shlex
import textwrap
from collections.abc import Mapping
from typing import Any

from botocore import xform_name

PLAIN = re.compile(r"[^\s,=\[\]{}'\"]+")  # shorthand values that need no quotes
WIDTH = 100  # longer commands are wrapped


def aws_command(service: str, operation: str, parameters: Mapping[str, Any], shown: Mapping[str, str] | None = None) -> str:
    """`operation` is the boto3 method (run_instances). `shown` replaces parameter values, for example with a file name."""
    words = [f"aws {service} {operation.replace('_', '-')}"]
    for name, value in parameters.items():
        option = "--" + xform_name(name, "-")
        if value is False:
            words.append("--no-" + option[2:])
        elif value is True:
            words.append(option)
        else:
            words.append(f"{option} {(shown or {}).get(name) or written(value)}")
    line = " ".join(words)
    return line if len(line) <= WIDTH else " \\\n    ".join(words)


def written(value: Any) -> str:
    if isinstance(value, list) and value and all(not isinstance(each, Mapping | list) for each in value):
        return " ".join(shlex.quote(str(each)) for each in value)
    if isinstance(value, list) and value and all(_flat(each) for each in value):
        return " ".join(_shorthand(each) for each in value)
    if isinstance(value, Mapping | list):
        return _shorthand(value) if _flat(value) else shlex.quote(json.dumps(value, separators=(",", ":")))
    return shlex.quote(str(value))


def _flat(value: Any) -> bool:
    """Whether it can be written as Key=value,Key=value."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(each, str | int | float | bool) and PLAIN.fullmatch(_word(each)) for each in value.values())
    )


def _shorthand(value: Any) -> str:
    return shlex.quote(",".join(f"{name}={_word(each)}" for name, each in value.items()))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def wrapped(text: str, width: int = 110, indent: str = "") -> str:
    """Wraps a paragraph for the terminal."""
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def shorthand_error(shorthand: str) -> str | None:
    """The error of the AWS CLI's own parser. Empty: the CLI accepts the value. None: awscli is not installed."""
    try:
        parser = importlib.import_module("awscli.shorthand")
    except ImportError:
        return None
    try:
        parser.ShorthandParser().parse(shorthand)
    except parser.ShorthandParseError as error:
        return str(error).splitlines()[0]
    return ""
