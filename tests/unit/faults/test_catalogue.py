"""The table of kinds: complete, in plain sentences, and the document that is generated from it."""

import pytest

import tools.faults
from sandbox.faults.catalogue import KINDS
from sandbox.faults.kind import Kind
from tools.reference.written import ROOT

RUNTIMES = {"docker", "process", "simulated"}


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / "docs/faults.md").read_text() == tools.faults.document(), "next: make docs"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_is_described_and_its_defaults_are_in_range(kind: Kind) -> None:
    assert kind.does.endswith(".")
    assert set(kind.cannot) | set(kind.limits) <= RUNTIMES
    assert all(sentence.endswith(")") or sentence.endswith(".") for sentence in (*kind.cannot.values(), *kind.limits.values()))
    for parameter in kind.parameters:
        shown = kind.as_json()["parameters"]
        assert isinstance(shown, list)
        (mine,) = [each for each in shown if each["name"] == parameter.name]
        if parameter.default is not None:
            assert parameter.parse(mine["default"]) == parameter.default
        assert not (parameter.required and parameter.default is not None)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_is_possible_in_some_runtime(kind: Kind) -> None:
    assert set(kind.cannot) != RUNTIMES
