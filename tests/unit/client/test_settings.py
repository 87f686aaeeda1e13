"""Settings come from the environment and from options; an invalid value is reported with its variable and what is expected."""

from pathlib import Path

import pytest

from sandbox.core.errors import UserError
from sandbox.settings import Settings, table


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings() == Settings.from_environment({})


def test_each_value_can_be_read_back() -> None:
    written = {f"SANDBOX_{name.upper()}": "" if value is None else str(value) for name, value in Settings().as_json().items()}
    assert Settings() == Settings.from_environment(written)


def test_options_take_precedence_over_the_environment() -> None:
    environ = {"SANDBOX_PORT": "4570", "SANDBOX_SPEED": "10", "SANDBOX_LISTENER_PORTS": "9001-9003", "SANDBOX_STATE_DIR": "/tmp/x"}
    settings = Settings.from_environment(environ, port=4600, runtime=None)
    assert (4600, 10.0, range(9001, 9004), Path("/tmp/x"), "auto") == (
        settings.port,
        settings.speed,
        settings.listener_ports,
        settings.state_dir,
        settings.runtime,
    )


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_environment({"SANDBOX_PORT": ""}).port == 4566


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("SANDBOX_PORT", "0", "a port number from 1 to 65535"),
        ("SANDBOX_PORT", "http", "a port number from 1 to 65535"),
        ("SANDBOX_SPEED", "fast", "a number from 0.001 to 10000"),
        ("SANDBOX_SPEED", "nan", "a number from 0.001 to 10000"),
        ("SANDBOX_RUNTIME", "podman", "one of auto, docker, process, simulated"),
        ("SANDBOX_LISTENER_PORTS", "8100-8081", "a range of port numbers"),
        ("SANDBOX_VPC_CIDR", "8.0.0.0/16", "a private IPv4 network"),
        ("SANDBOX_VPC_CIDR", "10.0.0.0/28", "a private IPv4 network"),
        ("SANDBOX_ACCOUNT", "42", "12 digits"),
        ("SANDBOX_NAME", "My Sandbox", "up to 31 lower-case letters"),
        ("SANDBOX_REGION", "earth", "a Region name"),
    ],
)
def test_an_invalid_value_names_the_variable_and_what_is_expected(variable: str, value: str, allowed: str) -> None:
    with pytest.raises(UserError) as refused:
        Settings.from_environment({variable: value})
    assert refused.value.message.startswith(f"Invalid {variable}={value}: expected ")
    assert allowed in refused.value.message


def test_the_published_port_is_what_clients_use() -> None:
    settings = Settings.from_environment({"SANDBOX_PORT": "4566", "SANDBOX_PUBLISHED_PORT": "14566"})
    assert settings.endpoint == "http://127.0.0.1:14566"


def test_every_row_has_a_description() -> None:
    assert all(row.description and row.variable.startswith("SANDBOX_") for row in table())
