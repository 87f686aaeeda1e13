"""A document with the caller's parameters filled in: the steps of a command (SSM-8). Pure. Raises ApiError."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.services.ssm import errors
from sandbox.services.ssm.decide import fis_documents
from sandbox.services.ssm.document_model import DEFAULT_TIMEOUT, LONGEST_TIMEOUT, SCRIPT, Document, Parameter, StepTemplate
from sandbox.services.ssm.model import ScriptStep, Step

Values = Mapping[str, tuple[str, ...]]

REFERENCE = re.compile(r"\{\{\s*([\w:.-]+)\s*\}\}")


def steps(document: Document, given: Values) -> tuple[Step, ...]:
    values = filled_in(document, given)
    if document.name in fis_documents.FAULTS:
        return (fis_documents.fault(document, values),)
    return tuple(_step(document, each, values) for each in document.steps)


def filled_in(document: Document, given: Values) -> Values:
    """The values of all parameters: given, or the document's defaults."""
    if unknown := sorted(given.keys() - document.parameters.keys()):
        raise errors.invalid_parameters(f"Document {document.name} has no parameter {', '.join(unknown)}.")
    missing = sorted(n for n, each in document.parameters.items() if n not in given and each.default is None)
    if missing:
        raise errors.invalid_parameters(f"Document {document.name} needs a value for the parameter {', '.join(missing)}.")
    for name, value in given.items():
        _check(document.parameters[name], value)
    return {name: given.get(name, each.default or ()) for name, each in document.parameters.items()}


def _check(parameter: Parameter, value: tuple[str, ...]) -> None:
    if parameter.type != "StringList" and len(value) != 1:
        raise errors.invalid_parameters(f"The parameter {parameter.name} takes one value, and {len(value)} were given.")
    if parameter.type == "StringList" and not value:
        raise errors.invalid_parameters(f"The parameter {parameter.name} needs at least one value.")
    for each in value:
        if parameter.allowed_values and each not in parameter.allowed_values:
            allowed = ", ".join(parameter.allowed_values)
            raise errors.invalid_parameters(f"The value {each} of the parameter {parameter.name} is not one of: {allowed}.")
        if parameter.allowed_pattern and not re.fullmatch(parameter.allowed_pattern, each):
            pattern = parameter.allowed_pattern
            raise errors.invalid_parameters(f"The value {each} of the parameter {parameter.name} does not match the pattern {pattern}.")


def _step(document: Document, template: StepTemplate, values: Values) -> ScriptStep:
    if template.action != SCRIPT:
        raise errors.unsupported_document(document.name, f"it has a step {template.action}, and here only {SCRIPT} runs.")
    return ScriptStep(
        name=template.name,
        script="\n".join(_lines(template.inputs.get("runCommand", ()), values)),
        timeout=timedelta(seconds=_seconds(template.inputs.get("timeoutSeconds"), values)),
        directory=" ".join(_lines(template.inputs.get("workingDirectory") or (), values)) or None,
    )


def _lines(found: Any, values: Values) -> list[str]:
    """An input: a list of strings, or one string. A string that is a single reference stands for all values of its parameter."""
    lines: list[str] = []
    for text in found if isinstance(found, list | tuple) else [found]:
        whole = REFERENCE.fullmatch(str(text).strip())
        lines += list(_value(whole[1], values)) if whole else [REFERENCE.sub(lambda each: _inline(each, values), str(text))]
    return lines


def _inline(reference: "re.Match[str]", values: Values) -> str:
    """What looks like a reference and names no parameter stays as it is: it belongs to the script."""
    if reference[1] not in values:
        return reference[0]
    value = values[reference[1]]
    return value[0] if len(value) == 1 else json.dumps(list(value))


def _value(name: str, values: Values) -> tuple[str, ...]:
    return values.get(name, (f"{{{{ {name} }}}}",))


def _seconds(found: Any, values: Values) -> int:
    text = " ".join(_lines(found, values)) if found is not None else str(DEFAULT_TIMEOUT)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_TIMEOUT):
        raise errors.invalid_parameters(f"The timeout of a step is a number of seconds from 1 to {LONGEST_TIMEOUT}, and not {text}.")
    return int(text)
