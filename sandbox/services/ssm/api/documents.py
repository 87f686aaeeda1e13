"""What DescribeDocument, GetDocument and ListDocuments show of AWS's own documents, beside those of the account that moto keeps."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.services.ssm import errors
from sandbox.services.ssm.api import views
from sandbox.services.ssm.document_model import OFFERED, PLATFORMS
from sandbox.services.ssm.state import documents

Given = Mapping[str, Any]


def description(given: Given) -> dict[str, Any] | None:
    """None: it is not a document of AWS's."""
    content = documents.offered(given["Name"], given.get("DocumentVersion"))
    return None if content is None else views.description(documents.plain_name(given["Name"]), content)


def content(given: Given) -> dict[str, Any] | None:
    """None: it is not a document of AWS's."""
    found = documents.offered(given["Name"], given.get("DocumentVersion"))
    if found is None:
        return None
    form = given.get("DocumentFormat") or "JSON"
    return {
        "Name": documents.plain_name(given["Name"]),
        "CreatedDate": views.MADE,
        "DocumentVersion": "1",
        "Status": "Active",
        "Content": documents.as_text(found, form),
        "DocumentType": "Command",
        "DocumentFormat": form,
    }


def offered(given: Given) -> list[dict[str, Any]]:
    """Those of AWS's that pass the filters. Raises ApiError for a filter that AWS does not have."""
    filters = [_filter(str(each["Key"]), [str(value) for value in each.get("Values") or ()]) for each in given.get("Filters") or ()]
    return [views.identifier(name, each) for name, each in OFFERED.items() if all(fits(name) for fits in filters)]


def _filter(key: str, values: list[str]) -> Callable[[str], bool]:
    if key.startswith("tag:") or key == "TargetType":
        return lambda name: False
    match key:
        case "Owner":
            return lambda name: not {"Amazon", "Public", "All"}.isdisjoint(values)
        case "Name":
            return lambda name: name.startswith(tuple(values))
        case "SearchKeyword":
            return lambda name: any(value.lower() in name.lower() for value in values)
        case "DocumentType":
            return lambda name: "Command" in values
        case "PlatformTypes":
            return lambda name: not set(PLATFORMS).isdisjoint(values)
        case _:
            raise errors.invalid_filter_key(key)
