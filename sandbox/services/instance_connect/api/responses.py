"""EC2 Instance Connect's operations: the key that is sent lets an SSH client in, for a minute."""

import json
from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, BaseResponse
from moto.moto_api._internal import mock_random

from sandbox.aws.context import LOCK, context
from sandbox.aws.http.dispatcher import declare_service
from sandbox.core.control import Scope
from sandbox.core.errors import DriverUnavailable
from sandbox.core.events import Event
from sandbox.services.instance_connect import errors
from sandbox.services.instance_connect.api.validation import requests
from sandbox.services.instance_connect.decide import script
from sandbox.services.instance_connect.model import KEY_SECONDS, WITHOUT_SSH_SERVER, Host, Login

SERVICE = "ec2-instance-connect"
SENT = "EC2 Instance Connect Key Sent"
PATIENCE = 20.0
"""Real seconds for the script in the machine."""


@declare_service(SERVICE, why="EIC-1: moto's answer lets nobody in")
class InstanceConnectResponse(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)

    def send_ssh_public_key(self) -> ActionResult:
        given: Mapping[str, Any] = json.loads(self.body or "{}")
        with LOCK:  # the gateway calls this operation without it, for the runtime does I/O
            scope = Scope(self.current_account, self.region)
            login = Login(user=requests.user(given), public_key=requests.public_key(given), seconds=KEY_SECONDS)
            host = requests.host(given, scope)
            if context().machines.name in WITHOUT_SSH_SERVER:
                raise errors.no_server(context().machines.name, host.instance_id)
        _let_in(host, login)
        context().journal.record(_sent(host, login))
        return ActionResult({"RequestId": str(mock_random.uuid4()), "Success": True})

    def send_serial_console_ssh_public_key(self) -> ActionResult:
        raise errors.no_serial_console()


def _let_in(host: Host, login: Login) -> None:
    """Returns when an SSH client can log in."""
    try:
        outcome = context().run_script(host.instance_id, script.argv(login), PATIENCE)
    except (KeyError, DriverUnavailable) as error:
        raise errors.unavailable(host.instance_id, "its machine does not answer.") from error
    if outcome.code != 0:
        told = script.PROBLEMS.get(outcome.code or 0) or outcome.told[-300:]
        raise errors.unavailable(host.instance_id, f"{told}.")


def _sent(host: Host, login: Login) -> Event:
    return Event(
        source="aws.ec2-instance-connect",
        detail_type=SENT,
        summary=f"a key lets {login.user} log in to {host.instance_id} by SSH for {login.seconds} seconds",
        resources=(host.instance_id,),
        detail={"instance-id": host.instance_id, "user": login.user, "seconds": login.seconds},
    )
