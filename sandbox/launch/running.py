"""Finds the sandbox that is meant: the record that `ensure` writes to the state folder, the endpoint, a client."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.client import Client
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """The record of a started sandbox. Later commands read it to find that sandbox."""

    endpoint: str
    name: str
    runtime: str
    topology: str  # "embedded" | "compose"
    pid: int = 0  # of the control plane; 0: it runs in a container

    @staticmethod
    def file(settings: Settings) -> Path:
        return settings.state_dir / "running.json"

    @staticmethod
    def read(settings: Settings) -> "RunningSandbox | None":
        """None: there is no record, or it is incomplete."""
        try:
            return RunningSandbox(**json.loads(RunningSandbox.file(settings).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, settings: Settings) -> None:
        file = RunningSandbox.file(settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self)))


def endpoint(settings: Settings) -> str:
    """The URL of the API: by SANDBOX_PORT if it is set, else from the record, else the default."""
    named = os.environ.get("SANDBOX_PORT") or os.environ.get("SANDBOX_PUBLISHED_PORT")
    record = None if named else RunningSandbox.read(settings)
    return record.endpoint if record else settings.endpoint


def client(settings: Settings | None = None, timeout: float = 60.0, account: str | None = None) -> Client:
    """A client of the sandbox. `timeout`: real seconds for one request. `settings` default to the environment. `account`: None for that of
    SANDBOX_ACCOUNT, if it is set."""
    given = settings or Settings.from_environment()
    return Client(endpoint(given), given.region, timeout, account or account_of_shell(given))


def account_of_shell(settings: Settings) -> str | None:
    """The account that SANDBOX_ACCOUNT names; None: it is not set, and the running sandbox's own account is meant."""
    return settings.account if os.environ.get("SANDBOX_ACCOUNT") else None


def students_accounts(count: int) -> tuple[str, ...]:
    """The accounts of so many learners of a class."""
    return tuple(str(FIRST_STUDENT + number) for number in range(count))


FIRST_STUDENT = 200_000_000_001
LEFT_OUT = ("AWS_PROFILE", "AWS_SESSION_TOKEN")
"""Variables of another account, which would take precedence over those of `aws_environment` or not fit them."""
LOOPBACK = "127.0.0.1,localhost"
"""For NO_PROXY."""


def aws_environment(settings: Settings, account: str | None = None) -> dict[str, str]:
    """The environment variables with which the AWS CLI, boto3, Terraform and others use this sandbox. `account`: as of `client`; then the
    commands of `sandbox` show that account, too."""
    account = account or account_of_shell(settings)
    return ({"SANDBOX_ACCOUNT": account} if account else {}) | {
        "AWS_ENDPOINT_URL": endpoint(settings),
        "AWS_ACCESS_KEY_ID": account or "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,  # some SDKs know only this name, and others prefer it
    }
