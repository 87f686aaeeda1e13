"""The environment of programs in an instance of the process runtime."""

from sandbox.drivers.runtime.process.surroundings import NOTHING_AROUND, Surroundings
from tests.support import rule
from tests.support.drivers.runtimes import launch_spec

SPEC = launch_spec()


@rule("IMDS-17")
def test_the_sdks_find_the_metadata_service_and_the_api() -> None:
    found = Surroundings(metadata_port=1338, api="http://127.0.0.1:4566").environment(SPEC)
    own = "127." + SPEC.private_ip_address.partition(".")[2]
    assert found["AWS_EC2_METADATA_SERVICE_ENDPOINT"] == f"http://{own}:1338/"
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_without_a_metadata_service_none_is_named() -> None:
    found = NOTHING_AROUND.environment(SPEC)
    assert [name for name in found if name.startswith("AWS_")] == ["AWS_REGION"]
    assert found["INSTANCE_ID"] == SPEC.instance_id
