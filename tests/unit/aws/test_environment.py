"""moto's settings are ours before moto is there, and a start that is too late says so."""

import json

import pytest

from sandbox.aws import environment
from sandbox.core.errors import SandboxError


def test_what_is_not_set_is_set() -> None:
    environ: dict[str, str] = {}
    environment.prepare(environ, moto_is_loaded=False)
    assert environ == environment.SETTINGS | {"MOTO_AMIS_PATH": str(environment.AMIS)}


def test_a_users_own_list_of_images_stays() -> None:
    environ = {"MOTO_AMIS_PATH": "/home/me/amis.json"}
    environment.prepare(environ, moto_is_loaded=False)
    assert environ["MOTO_AMIS_PATH"] == "/home/me/amis.json"


def test_after_moto_it_is_too_late() -> None:
    with pytest.raises(SandboxError, match=r"MOTO_AMIS_PATH, MOTO_DISABLE_GLOBAL_CORS.* had no effect"):
        environment.prepare({}, moto_is_loaded=True)


def test_twice_is_not_too_late() -> None:
    environ: dict[str, str] = {}
    environment.prepare(environ, moto_is_loaded=False)
    environment.prepare(environ, moto_is_loaded=True)


def test_the_tutorials_image_is_in_the_list() -> None:
    images = {image["ami_id"]: image for image in json.loads(environment.AMIS.read_text())}
    tutorial = images["ami-0c047a86012500412"]
    assert (tutorial["state"], tutorial["architecture"], tutorial["owner_id"]) == ("available", "x86_64", "099720109477")
