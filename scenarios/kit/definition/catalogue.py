"""Finds scenarios: ours by name or id in scenarios/outages/, and a user's own in a Python file. Mistakes of a file are UserErrors."""

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from pathlib import Path
from types import ModuleType

from sandbox.client import UserError
from scenarios.kit.definition.scenario import Scenario

OURS = Path(__file__).parents[2] / "outages"
HELP = "sandbox scenario list"


def names() -> list[str]:
    """The names of our scenarios, without importing them."""
    return sorted(module.name for module in pkgutil.iter_modules([str(OURS)]))


def outages() -> dict[str, Scenario]:
    """Name → scenario, in the order of their ids."""
    found = [ours(name) for name in names()]
    return {scenario.name: scenario for scenario in sorted(found, key=lambda scenario: scenario.id)}


def ours(name: str) -> Scenario:
    return _scenario_of(importlib.import_module(f"scenarios.outages.{name}"), name)


def find(name: str) -> Scenario | None:
    """By name, by id (`S04`), or by the path of a Python file. None: there is none. Raises UserError for a file that cannot be used."""
    if is_path(name):
        return from_file(Path(name))
    if name in names():
        return ours(name)
    return next((scenario for scenario in outages().values() if scenario.id == name.upper()), None) if name[:1] in "sS" else None


def is_path(name: str) -> bool:
    return name.endswith(".py")


def from_file(path: Path) -> Scenario:
    """The SCENARIO of a file outside the project. Raises UserError with the line of the mistake."""
    if not path.is_file():
        raise UserError(f"There is no file {path}.", HELP)
    spec = importlib.util.spec_from_file_location(f"own_scenario_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"{error.filename}, line {error.lineno}: {error.msg}.", HELP) from error
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        where = f"{path}, line {lines[-1]}" if lines else str(path)
        raise UserError(f"{where}: {type(error).__name__}: {error}.", HELP) from error
    return _scenario_of(module, str(path))


def _scenario_of(module: ModuleType, where: str) -> Scenario:
    found = vars(module).get("SCENARIO")
    if not isinstance(found, Scenario):
        raise UserError(f"{where} has no SCENARIO, which must be a scenarios.kit.definition.scenario.Scenario.", HELP)
    return found
