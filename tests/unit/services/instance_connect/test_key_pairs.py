"""The key of an instance's key pair is installed once in each boot."""

from dataclasses import replace
from datetime import UTC, datetime

from sandbox.services.instance_connect.decide.key_pairs import decide
from sandbox.services.instance_connect.model import Login, Memory, Observed
from tests.support import rule

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
LOGIN = Login(user="ubuntu", public_key="ssh-ed25519 AAAA", seconds=None)
RUNNING = Observed(instance_id="i-1", boots=1, login=LOGIN, at_work=False)


@rule("EIC-3")
def test_it_is_installed_at_every_boot_and_once_only() -> None:
    first = decide(RUNNING, None, NOW)
    assert [(each.instance_id, each.boot) for each in first.actions] == [("i-1", 1)]  # type: ignore[attr-defined]
    assert decide(replace(RUNNING, at_work=True), first.memory, NOW).actions == ()
    assert decide(replace(RUNNING, done=True), first.memory, NOW).actions == ()
    assert len(decide(replace(RUNNING, boots=2), first.memory, NOW).actions) == 1


def test_another_control_plane_installs_it_again_which_changes_nothing() -> None:
    assert len(decide(RUNNING, None, NOW).actions) == 1


def test_a_machine_without_an_ssh_server_is_told_once_for_each_boot() -> None:
    failed = replace(RUNNING, done=True, problem="the image has no SSH server (package openssh-server)")
    told = decide(failed, Memory(boot=1), NOW)
    assert [event.summary for event in told.events] == [
        "nobody can log in to i-1 by SSH: the image has no SSH server (package openssh-server)"
    ]
    assert decide(failed, told.memory, NOW).events == ()
