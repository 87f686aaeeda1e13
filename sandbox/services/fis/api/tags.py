"""Tags of templates and experiments, by ARN."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sandbox.services.fis import errors
from sandbox.services.fis.model import Experiment, Template
from sandbox.services.fis.state.store import FisBackend

MOST_TAGS = 50


def of(backend: FisBackend, arn: str) -> Mapping[str, str]:
    return _find(backend, arn).tags


def add(backend: FisBackend, arn: str, tags: Mapping[str, str]) -> None:
    found = _find(backend, arn)
    merged = {**found.tags, **tags}
    if len(merged) > MOST_TAGS:
        raise errors.invalid(f"A resource cannot have more than {MOST_TAGS} tags.")
    _put(backend, found, merged)


def remove(backend: FisBackend, arn: str, keys: Iterable[str]) -> None:
    found, gone = _find(backend, arn), set(keys)
    _put(backend, found, {key: value for key, value in found.tags.items() if key not in gone})


def _find(backend: FisBackend, arn: str) -> Template | Experiment:
    everything: list[Template | Experiment] = [*backend.templates.values(), *backend.experiments.values()]
    for kept in everything:
        if kept.arn == arn:
            return kept
    raise errors.no_tagged_resource(arn)


def _put(backend: FisBackend, found: Template | Experiment, tags: Mapping[str, str]) -> None:
    if isinstance(found, Template):
        backend.templates[found.id] = replace(found, tags=tags)
    else:
        backend.experiments[found.id] = replace(found, tags=tags)
