"""A launch specification as JSON: what one control plane writes, the next one reads."""

from dataclasses import replace

import pytest

from sandbox.drivers.runtime.launch_spec_json import from_json, to_json
from tests.support.drivers.runtimes import launch_spec


@pytest.mark.parametrize("user_data", [None, b"", b"#!/bin/bash\n", bytes(range(256))])
def test_specification_survives(user_data: bytes | None) -> None:
    spec = replace(launch_spec(user_data=user_data), labels={"team": "a"}, cpu_limit=0.5)
    assert from_json(to_json(spec)) == spec


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"instance_id": "i-1"}'])
def test_text_that_is_no_specification_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(text)
