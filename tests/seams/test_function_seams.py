"""S5: functions of ours in the place of moto's, now or when their module is loaded."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandbox.aws.function_seams import swap_function, wrap_function
from sandbox.aws.seams import Registry
from sandbox.core.errors import SandboxError


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two modules: `moto.fake.models`, and `moto.fake.responses` that has imported a function from it by name."""
    models: Any = ModuleType("moto.fake.models")
    exec(
        "def fits(pattern, text): return 'moto'\n"
        "class Thing:\n"
        "    def find(self, prefix, most=1): return [prefix] * most\n"
        "    @staticmethod\n"
        "    def same(a, b): return a == b\n",
        vars(models),
    )
    responses: Any = ModuleType("moto.fake.responses")
    responses.fits = models.fits
    monkeypatch.setitem(sys.modules, "moto.fake.models", models)
    monkeypatch.setitem(sys.modules, "moto.fake.responses", responses)
    return models


def test_a_function_is_swapped_where_it_is_and_where_it_was_imported(fake: Any) -> None:
    registry = Registry()

    @swap_function("moto.fake.models", "fits", "ours is better", registry)
    def fits(pattern: str, text: str) -> str:
        return "ours"

    registry.install()
    registry.install()
    assert fake.fits("*", "") == sys.modules["moto.fake.responses"].fits("*", "") == "ours"
    (seam,) = registry.installed()
    assert (seam.seam, seam.where, seam.why) == ("S5", "moto.fake.models.fits", "ours is better")


def test_methods_are_swapped_and_wrapped(fake: Any) -> None:
    registry = Registry()

    @swap_function("moto.fake.models", "Thing.same", "case does not count", registry)
    def same(a: str, b: str) -> bool:
        return a.lower() == b.lower()

    @wrap_function("moto.fake.models", "Thing.find", "a prefix is a prefix", registry)
    def find(moto_s: Any, self: Any, prefix: str, most: int = 1) -> Any:
        return moto_s(self, prefix.upper(), most=most)

    registry.install()
    assert fake.Thing.same("a", "A")
    assert fake.Thing().same("a", "A")
    assert fake.Thing().find("a", most=2) == ["A", "A"]


def test_a_module_that_is_not_loaded_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    registry = Registry()
    (tmp_path / "late_module.py").write_text("def fits(pattern, text): return 'moto'\ndef same(a): return 'moto'\n")
    (tmp_path / "importing.py").write_text("from late_module import fits, same\n")
    monkeypatch.syspath_prepend(tmp_path)
    swap_function("late_module", "fits", "x", registry)(lambda pattern, text: "ours")
    swap_function("late_module", "same", "x", registry)(lambda a: "ours")
    registry.install()
    registry.install()
    assert registry.installed() == ()
    assert find_spec("late_module")  # to look for a module is not to load it
    try:
        importing = import_module("importing")
        assert (importing.fits("", ""), importing.same("")) == ("ours", "ours")
        assert [seam.where for seam in registry.installed()] == ["late_module.fits", "late_module.same"]
    finally:
        for name in ("late_module", "importing"):
            sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fitz", "does not fit this version of moto.*fitz"),
        ("Thing.seek", "does not fit this version of moto.*seek"),
        ("Other.find", "does not fit this version of moto.*Other"),
        ("Thing.find", r"has parameters \['pattern', 'text'\], but moto's function has \['self', 'prefix', 'most'\]"),
    ],
)
def test_what_does_not_fit_is_refused(fake: Any, name: str, message: str) -> None:
    registry = Registry()
    swap_function("moto.fake.models", name, "x", registry)(lambda pattern, text: "ours")
    with pytest.raises(SandboxError, match=f"seam S5 moto.fake.models.{name}: .*{message}"):
        registry.install()
    assert fake.fits("", "") == "moto"


def test_a_reason_is_needed() -> None:
    with pytest.raises(SandboxError, match="needs a reason"):
        swap_function("moto.fake.models", "fits", " ")
