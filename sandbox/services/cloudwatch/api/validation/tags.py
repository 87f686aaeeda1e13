"""Tags of alarms and dashboards, checked before anything changes (CW-65). Pure."""

from collections.abc import Mapping, Sequence

from sandbox.services.cloudwatch.errors import invalid_value

MOST_TAGS, MAX_KEY, MAX_VALUE = 50, 128, 256

Tags = list[dict[str, str]]


def checked(given: Sequence[Mapping[str, str]], there: Mapping[str, str] | None = None, *, by_aws: bool) -> Tags:
    """The tags as moto stores them; `there`: those that the resource has already. Raises ApiError. Texts are (U).

    `by_aws`: an AWS service sets them, such as CloudFormation, whose tags are aws:cloudformation:*."""
    keys = [one.get("Key") or "" for one in given]
    for one in given:
        _check(one, by_aws)
    if len(set(keys)) < len(keys):
        raise invalid_value("Tag keys must be unique.")
    if len({*keys, *(there or ())}) > MOST_TAGS:
        raise invalid_value(f"A resource can have up to {MOST_TAGS} tags.")
    return [{"Key": one["Key"], "Value": one.get("Value") or ""} for one in given]


def _check(tag: Mapping[str, str], by_aws: bool) -> None:
    key, value = tag.get("Key") or "", tag.get("Value") or ""
    if not 1 <= len(key) <= MAX_KEY:
        raise invalid_value(f"The tag key '{key}' must have between 1 and {MAX_KEY} characters.")
    if len(value) > MAX_VALUE:
        raise invalid_value(f"The value of the tag '{key}' must have at most {MAX_VALUE} characters.")
    if key.lower().startswith("aws:") and not by_aws:
        raise invalid_value(f"The tag key '{key}' must not start with 'aws:', which is reserved.")
