"""Sets moto's environment variables before moto is imported, because moto reads them once, at import. Every module that imports moto
imports this one first.

With these settings RunInstances refuses unknown images, key pairs and instance types, as AWS does. Each Region has the few images of
amis.json instead of moto's hundreds, which take a third of a second and 4 MB per Region. When MOTO_AMIS_PATH is set, moto loads only that
list, whatever MOTO_EC2_LOAD_DEFAULT_AMIS is (moto/ec2/models/amis.py, `_load_amis`). A user may set MOTO_AMIS_PATH to another list; the
other settings are fixed. hosting/lazy_loading.py reduces what moto reads at import, hosting/weak_instances.py what it keeps in memory.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

from sandbox.aws.hosting.lazy_loading import load_lazily
from sandbox.core.errors import SandboxError

AMIS = Path(__file__).with_name("amis.json")

SETTINGS = {
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_ENABLE_KEYPAIR_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false",  # a bucket of another account is out of reach, as on AWS without a bucket policy
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # web pages of other origins may not read responses: see http/guard.py
}


def prepare(environ: "os._Environ[str] | dict[str, str]", moto_is_loaded: bool) -> None:
    """Sets the variables. Raises SandboxError if moto was already imported with other settings."""
    late = {name for name, value in SETTINGS.items() if environ.get(name) != value}
    late |= {"MOTO_AMIS_PATH"} - set(environ)
    if moto_is_loaded and late:
        missing = ", ".join(sorted(late))
        raise SandboxError(
            f"moto was imported before sandbox.aws.environment, so {missing} had no effect; import sandbox.aws.environment first"
        )
    environ.setdefault("MOTO_AMIS_PATH", str(AMIS))
    environ.update(SETTINGS)


prepare(os.environ, moto_is_loaded="moto.settings" in sys.modules)
load_lazily()
import_module("sandbox.aws.hosting.weak_instances").track_weakly()  # imports moto, so only after prepare()
