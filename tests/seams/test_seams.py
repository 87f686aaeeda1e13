"""Every override of moto still fits the moto that is installed. When moto is upgraded, these fail first and name what has moved."""

import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import moto
import pytest
from botocore import xform_name
from moto.core.base_backend import BackendDict
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

import sandbox.aws.http.gateway
import sandbox.services
from sandbox.aws import seams, state
from sandbox.aws.hosting import moto_time
from sandbox.aws.seams import Registry, adds, replaces, swap_backend, swap_model, swap_response
from sandbox.core.clock import VirtualClock
from sandbox.core.errors import SandboxError

OURS = ("ec2", "elb", "elbv2", "autoscaling", "cloudwatch", "sns", "sqs")


@pytest.fixture(autouse=True, scope="module")
def everything_installed() -> Iterator[None]:
    for service in pkgutil.iter_modules(sandbox.services.__path__):
        backend = f"sandbox.services.{service.name}.backend"
        if find_spec(backend):
            import_module(backend)
    state.reset()
    seams.install()
    yield
    state.reset()


def declared() -> list[seams.Swap]:
    """Those of classes; test_function_seams.py is about functions."""
    return [swap for swap in seams.REGISTRY._swaps if isinstance(swap, seams.Swap)]


# ---- what is there fits --------------------------------------------------------------------------------------------------------------


def test_every_declared_swap_is_in_force() -> None:
    assert declared()
    assert [(swap.name, swap.find()) for swap in declared()] == [(swap.name, swap.ours) for swap in declared()]


def test_every_seam_says_where_by_whom_and_why() -> None:
    for seam in seams.installed():
        assert re.fullmatch(r"S[1-6]", seam.seam)
        assert seam.where.startswith("moto."), seam
        assert seam.by.startswith("sandbox."), seam
        assert seam.why, seam


def test_every_operation_that_is_added_is_one_of_aws() -> None:
    for swap in declared():
        if not issubclass(swap.ours, BaseResponse):
            continue
        model = get_service_model(swap.ours().boto3_service_name)
        known = {xform_name(name) for name in model.operation_names}
        for name, member in seams._members(swap.ours, swap.base or object):
            mark = getattr(seams._function(member), "__seam__", None)
            if mark and mark.kind == "adds" and not name.startswith("_"):
                assert name in known, f"{swap.ours.__qualname__}.{name} is no operation of {swap.name}"


def test_every_override_takes_what_moto_passes() -> None:
    for swap in declared():
        assert swap.base is not None
        for name, member in seams._members(swap.ours, swap.base):
            mark = getattr(seams._function(member), "__seam__", None)
            if mark and mark.kind == "replaces" and inspect.isfunction(member):
                assert_takes(member, getattr(swap.base, name), f"{swap.ours.__qualname__}.{name}")


def assert_takes(ours: Callable[..., Any], base: Callable[..., Any], where: str) -> None:
    """All of moto's parameters, in order or by name: moto's responses call the one way or the other."""
    me, *given = inspect.signature(base).parameters.values()
    named = [p for p in given if p.kind is p.KEYWORD_ONLY]
    plain = [p for p in given if p.kind is p.POSITIONAL_OR_KEYWORD]
    takes = inspect.signature(ours)
    in_order = ((me, *plain), {p.name: p for p in named})
    by_name = ((me,), {p.name: p for p in [*plain, *named]})
    assert any(_binds(takes, *way) for way in (in_order, by_name)), f"{where}{takes} does not take what moto's takes: {given}"


def _binds(signature: inspect.Signature, in_order: tuple[Any, ...], by_name: dict[str, Any]) -> bool:
    try:
        signature.bind(*in_order, **by_name)
    except TypeError:
        return False
    return True


# ---- the checks themselves -----------------------------------------------------------------------------------------------------------


class FakeBackend:
    def describe(self) -> str:
        return "moto's"

    def run(self) -> None: ...


class FakeResponse:
    @classmethod
    def dispatch(cls) -> type:
        return cls

    def run(self) -> None: ...


class FakeModel:
    def grow(self) -> None: ...


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A service `fake` as moto lays out its services."""
    models: Any = ModuleType("moto.fake.models")
    models.fake_backends = BackendDict(FakeBackend, "ec2")  # type: ignore[arg-type]
    models.FakeModel = FakeModel
    urls: Any = ModuleType("moto.fake.urls")
    urls.url_paths = {"{0}/$": FakeResponse.dispatch}
    for name, module in (("moto.fake", ModuleType("moto.fake")), ("moto.fake.models", models), ("moto.fake.urls", urls)):
        monkeypatch.setitem(sys.modules, name, module)
    return models


def test_a_backend_that_fits_is_swapped_once(fake: Any) -> None:
    registry = Registry()

    @swap_backend("fake", registry)
    class Ours(FakeBackend):
        @replaces(why="ours is better")
        def describe(self) -> str:
            return "ours"

        @adds(why="moto lacks it")
        def stop(self) -> None: ...

    registry.install()
    registry.install()
    assert fake.fake_backends.backend is Ours
    assert [(s.seam, s.where.rpartition(".")[2], s.why) for s in registry.installed()] == [
        ("S1", "describe", "ours is better"),
        ("S1", "stop", "moto lacks it"),
    ]


def test_a_response_and_a_model_are_swapped(fake: Any) -> None:
    registry = Registry()

    @swap_response("fake", registry)
    class Response(FakeResponse):
        """Answers in our way."""

    @swap_model("moto.fake.models", "FakeModel", registry)
    class Model(FakeModel):
        @replaces(why="grows as on AWS")
        def grow(self) -> None: ...

    registry.install()
    assert sys.modules["moto.fake.urls"].url_paths["{0}/$"]() is Response
    assert fake.FakeModel is Model
    assert [s.why for s in registry.installed()] == ["Answers in our way.", "grows as on AWS"]


def wrong_base(registry: Registry) -> None:
    @swap_backend("fake", registry)
    class Ours:
        pass


def wrong_name(registry: Registry) -> None:
    @swap_backend("fake", registry)
    class Ours(FakeBackend):
        @replaces(why="x")
        def descrybe(self) -> str:
            return ""


def unmarked(registry: Registry) -> None:
    @swap_backend("fake", registry)
    class Ours(FakeBackend):
        def describe(self) -> str:
            return ""


def unmarked_in_a_mixin(registry: Registry) -> None:
    class Mixin:
        def run(self) -> None: ...

    @swap_backend("fake", registry)
    class Ours(Mixin, FakeBackend):  # type: ignore[misc]
        pass


def added_but_there(registry: Registry) -> None:
    @swap_response("fake", registry)
    class Ours(FakeResponse):
        @adds(why="x")
        def run(self) -> None: ...


def no_such_service(registry: Registry) -> None:
    @swap_backend("nonesuch", registry)
    class Ours(FakeBackend):
        pass


def no_such_model(registry: Registry) -> None:
    @swap_model("moto.fake.models", "FakeGroup", registry)
    class Ours(FakeModel):
        pass


WRONG = [
    (wrong_base, "is not a subclass of"),
    (wrong_name, "@replaces descrybe, but .* has no such method"),
    (unmarked, "overrides describe of .* without @replaces"),
    (unmarked_in_a_mixin, "overrides run of .* without @replaces"),
    (added_but_there, "@adds run, but .* already has it"),
    (no_such_service, "does not fit this version of moto"),
    (no_such_model, "does not fit this version of moto"),
]


@pytest.mark.parametrize(("declare", "message"), WRONG, ids=[declare.__name__ for declare, _ in WRONG])
def test_a_swap_that_does_not_fit_is_refused_and_changes_nothing(fake: Any, declare: Callable[[Registry], None], message: str) -> None:
    registry = Registry()
    declare(registry)
    with pytest.raises(SandboxError, match=message):
        registry.install()
    assert (fake.fake_backends.backend, fake.FakeModel) == (FakeBackend, FakeModel)
    assert registry.installed() == ()


def test_a_swap_after_the_first_backend_is_refused(fake: Any) -> None:
    registry = Registry()

    @swap_backend("fake", registry)
    class Ours(FakeBackend):
        pass

    fake.fake_backends["123456789012"]
    try:
        with pytest.raises(SandboxError, match=r"is installed too late.*state\.reset"):
            registry.install()
    finally:
        state.reset()


@pytest.mark.parametrize("decorator", [replaces, adds])
def test_a_seam_without_a_reason_is_refused(decorator: Callable[..., Any]) -> None:
    with pytest.raises(SandboxError, match="needs a reason"):
        decorator(why=" ")


# ---- time ----------------------------------------------------------------------------------------------------------------------------

ASKS_ITSELF = re.compile(r"\bdatetime\.(now|utcnow|today)\(|\btime\.time\(")
ALLOWED = {"moto.core.utils"}  # utcnow itself


def test_every_place_where_moto_asks_for_the_time_itself_is_known() -> None:
    root = Path(moto.__file__).parent
    found = set()
    for folder in (*OURS, "core", "moto_api/_internal", "utilities"):
        for path in (root / folder).rglob("*.py"):
            if ASKS_ITSELF.search(path.read_text()):
                found.add(".".join(("moto", *path.relative_to(root).with_suffix("").parts)))
    assert found - ALLOWED - {"moto.moto_api._internal.recorder.models"} == set(moto_time.DIRECT)


def test_every_loaded_module_of_moto_asks_us_for_the_time() -> None:
    moto_time.install(VirtualClock())
    others = [name for name, module in list(sys.modules.items()) if name.startswith("moto.") and "utcnow" in vars(module)]
    assert others
    assert [name for name in others if vars(sys.modules[name])["utcnow"] is not moto_time.utcnow] == []
