"""What the container of an own image is told to run."""

from dataclasses import replace

from sandbox.drivers.runtime.docker.own_images import INIT, ImageConfig, environment, image_config, what_runs
from tests.support.drivers.runtimes import launch_spec

OWN = replace(launch_spec(), image="my/service:1", own_application=True)
SERVICE = image_config({"Config": {"Entrypoint": ["/server"], "Cmd": ["--port", "80"]}})


def test_the_images_entrypoint_and_command_are_arguments_of_our_init() -> None:
    told = what_runs(OWN, SERVICE)
    assert (told["Entrypoint"], told["Cmd"]) == (list(INIT), ["/server", "--port", "80"])


def test_the_checks_of_the_target_group_replace_the_images_own() -> None:
    assert what_runs(OWN, SERVICE)["Healthcheck"] == {"Test": ["NONE"]}


def test_an_image_without_entrypoint_and_command_runs_the_init_alone() -> None:
    assert what_runs(OWN, image_config({"Config": {"Entrypoint": None, "Cmd": None}}))["Cmd"] == []


def test_an_image_that_was_made_of_an_instance_keeps_the_init_that_it_has() -> None:
    of_machine_image = ImageConfig(command=("/sbin/instance-init",))
    of_own_image = ImageConfig(entrypoint=INIT, command=("/server",))
    assert [("Entrypoint" in what_runs(OWN, each), each.needs_init) for each in (of_machine_image, of_own_image)] == [(False, False)] * 2


def test_a_command_is_an_argument_of_instance_init_and_is_told_where_to_listen() -> None:
    spec = replace(launch_spec(), command=("/bin/sh", "-c", "serve"), port=8000)
    assert what_runs(spec, None) == {"Cmd": ["/sbin/instance-init", "/bin/sh", "-c", "serve"]}
    assert environment(spec) == ["PORT=8000", "HOST=0.0.0.0"]


def test_the_machine_image_runs_what_it_is_made_for() -> None:
    assert (what_runs(launch_spec(), None), environment(launch_spec())) == ({}, [])
