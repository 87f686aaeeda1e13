"""moto's settings are read once, when moto is imported: this module sets them first. Every services/*/backend.py imports it before moto.

RunInstances is to refuse unknown images, key pairs and instance types as AWS does, and each Region is to hold a handful of images of ours
(amis.json) instead of moto's hundreds, which cost a third of a second and 4 MB for every Region. With MOTO_AMIS_PATH set, moto loads that
list and no other, whatever MOTO_EC2_LOAD_DEFAULT_AMIS says (moto/ec2/models/amis.py, `_load_amis`).
A user may name an own list by MOTO_AMIS_PATH; the other settings are not a choice.
What moto then reads at import, economy.py cuts down; what it keeps for ever, weak_instances.py.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

from sandbox.aws.hosting.economy import economise
from sandbox.core.errors import SandboxError

AMIS = Path(__file__).with_name("amis.json")

SETTINGS = {
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_ENABLE_KEYPAIR_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # pages of other origins get no answer of ours: see gateway.py
}


def prepare(environ: "os._Environ[str] | dict[str, str]", moto_is_loaded: bool) -> None:
    """Sets what is not set. Raises SandboxError when moto was imported before with other settings."""
    late = {name for name, value in SETTINGS.items() if environ.get(name) != value}
    late |= {"MOTO_AMIS_PATH"} - set(environ)
    if moto_is_loaded and late:
        missing = ", ".join(sorted(late))
        raise SandboxError(f"moto was imported before sandbox.aws.environment, so it runs without {missing}; import ours first")
    environ.setdefault("MOTO_AMIS_PATH", str(AMIS))
    environ.update(SETTINGS)


prepare(os.environ, moto_is_loaded="moto.settings" in sys.modules)
economise()
import_module("sandbox.aws.hosting.weak_instances").let_go()  # imports moto: not before it is prepared
