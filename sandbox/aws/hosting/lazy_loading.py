"""Defers what moto and boto3 read at import until it is needed, and reads it once. This halves the start time and saves 85 MB.

moto.ec2 parses the instance type offerings of every AWS Region (90 files, about 50 MB), and the model of EC2's API three times, once for
each boto3 session that it creates. environment.py calls `load_lazily` before moto.ec2 is imported. Responses are the same: tests/seams
compares them with moto's own files. If moto.ec2 is already imported, nothing is changed.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session

INSTANCE_TYPES = "moto.ec2.models.instance_types"
RESOURCES = "moto.utilities.utils"
FOLDER = "ec2/resources/instance_type_offerings"  # in moto's folder: a folder per location type, with a file per Region
BOTO3_DATA = str(Path(boto3.__file__).parent / "data")

Offering = dict[str, str]  # LocationType, Location, InstanceType


class SharedLoader(botocore.loaders.Loader):
    """Shared by all boto3 sessions of the process, so that each file is parsed once. boto3's folder, which each session adds, is already in
    it."""

    def __init__(self, folders: list[str]) -> None:
        super().__init__(extra_search_paths=folders)
        self._search_paths.append(BOTO3_DATA)

    @property
    def search_paths(self) -> list[str]:
        return list(self._search_paths)


@cache
def shared_loader(data_path: str | None = None) -> SharedLoader:
    """Replaces botocore.loaders.create_loader. `data_path`: AWS_DATA_PATH."""
    folders = [os.path.expanduser(os.path.expandvars(folder)) for folder in data_path.split(os.pathsep)] if data_path else []
    return SharedLoader(folders)


class Offerings(Mapping[str, list[Offering]]):
    """Region → offerings of one location type. Replaces moto's dict; a Region's file is read when the Region is first asked for."""

    def __init__(self, location_type: str, folder: Path, load: Any) -> None:
        self._location_type, self._load = location_type, load
        self._files = {file.name.split(".")[0]: f"{FOLDER}/{location_type}/{file.name}" for file in sorted(folder.iterdir())}
        self._read: dict[str, list[Offering]] = {}

    def __getitem__(self, region: str) -> list[Offering]:
        if region not in self._read:
            found: list[Offering] = self._load(self._files[region])
            self._read[region] = [{**offering, "LocationType": self._location_type} for offering in found]
        return self._read[region]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load_lazily() -> None:
    """Idempotent. Imports moto.ec2."""
    botocore.session.create_loader = shared_loader
    if INSTANCE_TYPES in sys.modules:
        return
    with _offerings_left_out() as load:
        module = import_module(INSTANCE_TYPES)
    for folder in sorted(Path(module.root / module.offerings_path).iterdir()):
        module.INSTANCE_TYPE_OFFERINGS[folder.name] = Offerings(folder.name, folder, load)


@contextmanager
def _offerings_left_out() -> Iterator[Any]:
    """→ moto's own file reader. Meanwhile moto uses a reader that returns nothing for the offerings."""
    utilities = import_module(RESOURCES)
    load = utilities.load_resource
    setattr(utilities, "load_resource", lambda name: [] if name.startswith(FOLDER) else load(name))  # noqa: B010 - mypy
    try:
        yield load
    finally:
        setattr(utilities, "load_resource", load)  # noqa: B010
