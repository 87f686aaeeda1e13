"""What is measured, and what a group that cannot be measured does to the others."""

from collections.abc import Callable
from importlib.util import find_spec

import click
import pytest

from bench.__main__ import GROUPS, chosen, measure
from bench.kit.figure import Figure, without_goal


def test_all_but_the_day_when_none_is_named_and_the_tests_last() -> None:
    assert chosen([]) == [name for name in GROUPS if name != "day"]
    assert chosen(["day"]) == ["day"]
    assert chosen([])[-1] == "tests"


def test_named_ones_in_the_order_of_measuring() -> None:
    assert chosen(["tests", "changes", "cold-start"]) == ["cold-start", "changes", "tests"]


def test_an_unknown_name_tells_what_there_is() -> None:
    with pytest.raises(click.UsageError, match=r"unknown measurement speed: expected cold-start, .*tests"):
        chosen(["tests", "speed"])


def test_every_group_is_there() -> None:
    assert [module for module, _ in GROUPS.values() if find_spec(module) is None] == []


def test_what_cannot_be_measured_is_told_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def load(name: str) -> Callable[[], list[Figure]]:
        if name == "silence":
            raise RuntimeError("no Envoy")
        return lambda: [without_goal(name, 1.0, "s", "")]

    figures, failed = measure(["cold-start", "silence", "changes"], load)
    assert [(f.name, f.value) for f in figures] == [("cold-start", 1.0), ("silence", None), ("changes", 1.0)]
    assert figures[1].method == "could not be measured: RuntimeError: no Envoy"
    assert failed == ["silence"]
    assert "RuntimeError: no Envoy" in capsys.readouterr().err
