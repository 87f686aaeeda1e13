"""Validation of SendSSHPublicKey (EIC-1, EIC-2): each function returns the checked value, or raises AWS's error."""

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from typing import Any

from sandbox.core.control import Scope
from sandbox.services.instance_connect import errors
from sandbox.services.instance_connect.model import USERS, Host
from sandbox.services.instance_connect.state import hosts

INSTANCE = "^i-[a-f0-9]+$"
KEY_TYPES = ("ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
SHORTEST, LONGEST = 80, 4096
"""Characters of a key."""

Given = Mapping[str, Any]


def host(given: Given, scope: Scope) -> Host:
    """The instance. Raises ApiError: unknown, in another zone, not running, or not answering."""
    instance_id, zone = given["InstanceId"], given.get("AvailabilityZone")
    if not re.fullmatch(INSTANCE, instance_id):
        raise errors.invalid_member("instanceId", instance_id, f"Member must satisfy regular expression pattern: {INSTANCE}")
    found = hosts.host(scope, instance_id)
    if found is None:
        raise errors.unknown_instance(instance_id)
    if zone and zone != found.zone:
        raise errors.wrong_zone(instance_id, zone)
    if not found.running:
        raise errors.not_running(instance_id)
    if not found.answers:
        raise errors.unavailable(instance_id, "its machine does not answer.")
    return found


def user(given: Given) -> str:
    found = str(given["InstanceOSUser"])
    if found not in USERS:
        raise errors.wrong_user(found, USERS)
    return found


def public_key(given: Given) -> str:
    """One line in OpenSSH's format, without its comment."""
    text = str(given["SSHPublicKey"])
    if len(text) < SHORTEST:
        raise errors.invalid_member("sSHPublicKey", text, f"Member must have length greater than or equal to {SHORTEST}")
    if len(text) > LONGEST:
        raise errors.invalid_member("sSHPublicKey", f"{text[:60]}…", f"Member must have length less than or equal to {LONGEST}")
    words = text.strip().split(None, 2)
    if len(text.strip().splitlines()) != 1 or len(words) < 2 or words[0] not in KEY_TYPES or not _names(words[1], words[0]):
        raise errors.invalid_key()
    return f"{words[0]} {words[1]}"


def _names(encoded: str, kind: str) -> bool:
    """Whether the encoded part begins with the kind of the key, as OpenSSH's format has it."""
    try:
        raw = base64.b64decode(encoded, validate=True)
        (length,) = struct.unpack_from(">I", raw)
    except (binascii.Error, ValueError, struct.error):
        return False
    return raw[4 : 4 + length] == kind.encode() and len(raw) > 4 + length
