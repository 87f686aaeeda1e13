"""moto's now is the sandbox's, and nothing else of datetime changes."""

import datetime as real
import pickle
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import moto.core.utils
import pytest
from moto.core.utils import iso_8601_datetime_with_milliseconds, unix_time

from sandbox.aws.hosting import moto_time
from sandbox.core.clock import VirtualClock
from sandbox.core.errors import SandboxError

START = real.datetime(2026, 5, 7, 12, 0, tzinfo=real.UTC)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock(START)
    moto_time.install(clock)
    yield clock


def test_motos_timestamps_are_the_clocks(clock: VirtualClock) -> None:
    assert moto.core.utils.utcnow() == START.replace(tzinfo=None)
    assert iso_8601_datetime_with_milliseconds() == "2026-05-07T12:00:00.000Z"
    assert unix_time() == START.timestamp()


def test_another_clock_takes_over(clock: VirtualClock) -> None:
    later = VirtualClock(START + real.timedelta(days=1))
    moto_time.install(later)
    assert moto.core.utils.utcnow() == later.now().replace(tzinfo=None)


def test_modules_that_ask_datetime_themselves_get_the_clocks_time(clock: VirtualClock) -> None:
    import moto.autoscaling.models
    import moto.elb.models

    by_class: Any = moto.autoscaling.models.datetime
    by_module: Any = moto.elb.models.datetime
    assert by_class.now() == START.replace(tzinfo=None)
    assert by_module.datetime.now(by_module.timezone.utc) == START
    east = real.timezone(real.timedelta(hours=3))
    assert by_class.now(east).isoformat() == "2026-05-07T15:00:00+03:00"


def test_the_rest_of_datetime_is_the_real_one(clock: VirtualClock) -> None:
    ours: Any = moto_time.SandboxDatetime
    made = ours(2026, 1, 2, tzinfo=real.UTC)
    assert type(made) is real.datetime
    assert type(ours.fromisoformat("2026-01-02")) is real.datetime
    assert isinstance(START, ours)
    assert not isinstance("2026", ours)
    assert issubclass(real.datetime, ours)
    assert pickle.loads(pickle.dumps(ours.now())) == START.replace(tzinfo=None)


def test_a_module_that_lost_the_name_is_refused() -> None:
    with pytest.raises(SandboxError, match="moved has no name datetime"):
        moto_time._rebind_datetime(ModuleType("moved"))
