"""The page shows an application status check that fails, now and when the timeline is scrolled back, and only as long as it holds."""

from datetime import timedelta

import pytest

from sandbox.control.build import control_surface
from sandbox.control.observed.model import Observed
from sandbox.control.surface import ControlSurface
from sandbox.dashboard.past.as_of import as_of
from sandbox.dashboard.shown.lanes import lanes
from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client
from tests.support import rule
from tests.support.aws import IMAGE
from tests.support.dashboard.observed import look

IMPAIRED = "application status check"


class Watched:
    """An instance with a check whose application fails; what the page said, by the newest event then."""

    def __init__(self) -> None:
        self.client: VirtualClient = virtual_client(Settings(runtime="simulated"))
        self.surface: ControlSurface = control_surface(self.client.sandbox, lambda: None)  # type: ignore[arg-type, return-value]
        self.ec2 = self.client.aws("ec2")
        self.seen: dict[str, str] = {}
        (made,) = self.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
        self.instance: str = made["InstanceId"]
        check = self.ec2.create_application_status_check(Protocol="http", Port=80, Path="/health", InitializationGracePeriodSeconds=60)
        self.check: str = check["ApplicationStatusCheck"]["ApplicationStatusCheckId"]
        self.ec2.associate_application_status_check(ApplicationStatusCheckId=self.check, InstanceIds=[self.instance])

    def run(self, seconds: float) -> str:
        self.client.wait(timedelta(seconds=seconds))
        self.seen[self.surface.journal.newest] = said(self.surface.observed())
        return said(self.surface.observed())

    def fails(self) -> None:
        self.client.sandbox.world.machine(self.instance).status_code = 500

    def past(self) -> dict[str, str]:
        """What the page says of each moment of `seen` when it is scrolled back to it."""
        events, now = self.surface.journal.events(), look(self.surface.observed())
        found = {event_id: as_of(event_id, events, now, ()) for event_id in self.seen}
        return {event_id: said(past.look.observed) for event_id, past in found.items() if past}


def said(observed: Observed) -> str:
    (card,) = (card for lane in lanes(observed, ()) for card in lane.cards)
    return card.impaired


@pytest.fixture
def watched() -> Watched:
    watched = Watched()
    assert watched.run(300) == ""
    watched.fails()
    assert watched.run(200) == IMPAIRED
    return watched


@rule("EC2-84")
def test_a_check_that_fails_is_shown_until_it_is_deleted(watched: Watched) -> None:
    watched.ec2.delete_application_status_check(ApplicationStatusCheckId=watched.check)
    assert watched.run(60) == ""
    assert watched.past() == watched.seen


@rule("EC2-85")
def test_a_check_that_fails_is_shown_until_it_is_suppressed(watched: Watched) -> None:
    watched.ec2.enable_application_status_check_suppression(InstanceIds=[watched.instance])
    assert watched.run(60) == ""
    assert watched.past() == watched.seen


def test_a_check_that_fails_is_shown_until_the_instance_stops(watched: Watched) -> None:
    watched.ec2.stop_instances(InstanceIds=[watched.instance])
    assert watched.run(60) == ""
    assert watched.past() == watched.seen
