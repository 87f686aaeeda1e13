"""The content of a document, as JSON or YAML has it → Document (SSM-8). Pure. Raises ApiError for what the sandbox cannot run."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.ssm import errors
from sandbox.services.ssm.document_model import Document, Parameter, StepTemplate

OLD = "1.2"
NEW = ("2.0", "2.2")


def document(name: str, version: str, content: Mapping[str, Any]) -> Document:
    schema = str(content.get("schemaVersion"))
    if schema != OLD and schema not in NEW:
        raise errors.unsupported_document(name, f"its schema version {schema} is not one of documents of type Command.")
    found = _old_steps(content) if schema == OLD else _steps(name, content)
    if not found:
        raise errors.unsupported_document(name, "it has no steps.")
    parameters = {each: _parameter(each, told) for each, told in (content.get("parameters") or {}).items()}
    return Document(name=name, version=version, schema=schema, parameters=parameters, steps=found)


def _parameter(name: str, told: Mapping[str, Any]) -> Parameter:
    default = told.get("default")
    return Parameter(
        name=name,
        type=str(told.get("type", "String")),
        description=str(told.get("description", "")),
        default=None if default is None else tuple(map(str, default)) if isinstance(default, list) else (str(default),),
        allowed_values=tuple(map(str, told.get("allowedValues", ()))),
        allowed_pattern=told.get("allowedPattern"),
    )


def _old_steps(content: Mapping[str, Any]) -> tuple[StepTemplate, ...]:
    """Of schema 1.2: each plugin has a list of properties. A step is called as its plugin."""
    return tuple(
        StepTemplate(name=action if number == 0 else str(each.get("id", f"{number}.{action}")), action=action, inputs=each)
        for action, plugin in (content.get("runtimeConfig") or {}).items()
        for number, each in enumerate(_listed(plugin.get("properties")))
    )


def _listed(properties: Any) -> list[Mapping[str, Any]]:
    return properties if isinstance(properties, list) else [properties] if properties else []


def _steps(name: str, content: Mapping[str, Any]) -> tuple[StepTemplate, ...]:
    found = []
    for each in content.get("mainSteps") or ():
        if not _applies(name, each):
            continue
        found.append(StepTemplate(name=str(each.get("name")), action=str(each.get("action")), inputs=each.get("inputs") or {}))
    return tuple(found)


def _applies(name: str, step: Mapping[str, Any]) -> bool:
    """A precondition on the platform: every node is Linux here."""
    condition = step.get("precondition")
    if not condition:
        return True
    compared = condition.get("StringEquals") or ()
    if set(condition) != {"StringEquals"} or "platformType" not in compared or len(compared) != 2:
        raise errors.unsupported_document(name, f"the step {step.get('name')} has a precondition that is not on platformType.")
    return "Linux" in compared
