"""result.json, which a boot leaves: written inside the instance, so it may contain anything."""

import json

import pytest

from sandbox.drivers.runtime.base import UserDataResult, UserDataState
from sandbox.drivers.runtime.user_data.results import LONGEST, BootResult, read


def result(**fields: object) -> str:
    return json.dumps({"v1": {"errors": []}, "sandbox": {"state": "failed", "reason": "a\nb", "finished": 7.5, **fields}})


def test_the_result_of_a_boot() -> None:
    failed = UserDataResult(state=UserDataState.FAILED, reason="a b", finished=7.5)
    assert read(result()) == BootResult(finished=7.5, user_data=failed)
    assert read(result(state=None)) == BootResult(finished=7.5, user_data=None)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"v1": {}}', "[" * 100_000, result(state="great"), result(finished="soon"), '{"sandbox": []}']
)
def test_anything_else_is_no_result(text: str) -> None:
    assert read(text) is None


def test_a_long_reason_is_cut() -> None:
    found = read(result(reason="x" * 100_000))
    assert found and found.user_data and len(found.user_data.reason) == LONGEST
