"""What a program in an instance does with an AWS SDK: botocore's own clients of the metadata service, and a call to the API with what they
found. The program prints one JSON value.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = ("botocore", "dateutil", "jmespath", "six", "urllib3")
"""botocore and what it imports, pure Python: they can be copied to where nothing can be installed."""
MODELS = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json", "sts")
"""Of botocore's data, what the program needs."""

PROGRAM = """
import json
import botocore.session
from botocore.utils import METADATA_BASE_URL, IMDSRegionProvider, InstanceMetadataFetcher

session = botocore.session.get_session()
credentials = session.get_credentials()
region = IMDSRegionProvider(session).provide()
endpoint = session.get_config_variable("ec2_metadata_service_endpoint") or METADATA_BASE_URL
fetched = InstanceMetadataFetcher(timeout=5, num_attempts=1, base_url=endpoint)
role = fetched.retrieve_iam_role_credentials()
caller = session.create_client("sts", region_name=region).get_caller_identity()
print(json.dumps({"method": credentials.method, "region": region, "role": role.get("role_name"), "arn": caller["Arn"]}))
"""


def said(output: str) -> dict[str, Any]:
    """What the program printed last."""
    return dict(json.loads(output.strip().splitlines()[-1]))


def sources() -> list[Path]:
    """The packages in this environment: a folder or a module each."""
    found = [find_spec(name) for name in PACKAGES]
    paths = [Path(str(each.origin)) for each in found if each is not None]
    return [path.parent if path.name == "__init__.py" else path for path in paths]
