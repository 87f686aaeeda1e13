"""What follows from an instance's user data without running it: when an application can be running, and the machine's host name. Pure."""

import re
from datetime import datetime

from sandbox.drivers.runtime.base import UserDataResult, UserDataState
from sandbox.drivers.runtime.user_data import cloud_config
from sandbox.drivers.runtime.user_data.parts import Kind, Part, Unreadable, split, unhandled

SCRIPTS = (Kind.SCRIPT, Kind.SCRIPT_PER_INSTANCE, Kind.SCRIPT_PER_ONCE)
VALID_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
EVERY_BOOT = (Kind.SCRIPT_PER_BOOT, Kind.BOOTHOOK)


def application_starts(user_data: bytes | None, boot: int) -> bool:
    """Whether the application runs after boot number `boot` (the first is 1), if it is what the commands of the user data start.

    Without user data the image's service starts it at every boot. Scripts and `runcmd` run at the first boot only, and nothing starts the
    application at later ones (UD-5, UD-12, TUT-16), unless they are for each boot (UD-10). Other user data is not run, so there is no
    application (UD-4). A script behind white space is no program that the kernel can run.
    """
    if not user_data:
        return True
    parts = parts_of(user_data)
    config = cloud_config.read(part.content for part in parts if part.kind is Kind.CLOUD_CONFIG)
    scripts = any(part.kind in SCRIPTS and part.content.startswith(b"#!") for part in parts) or bool(config.runcmd)
    each_boot = any(part.kind in EVERY_BOOT for part in parts) or bool(config.bootcmd)
    return each_boot or (scripts and (boot == 1 or config.scripts_always))


def hostname(user_data: bytes | None) -> str | None:
    """That a cloud-config sets, without its domain; None: the default (DNS-3), also when a machine cannot have that name."""
    if not user_data:
        return None
    found = cloud_config.read(part.content for part in parts_of(user_data) if part.kind is Kind.CLOUD_CONFIG).hostname
    return found if found and VALID_HOSTNAME.fullmatch(found) else None


def assumed_result(user_data: bytes, boot: int, now: datetime) -> UserDataResult | None:
    """Of a simulated machine: what has a handler is assumed to succeed in the first boot."""
    parts = parts_of(user_data)
    if boot > 1:
        return None
    if any(part.kind is not Kind.UNKNOWN for part in parts):
        return UserDataResult(state=UserDataState.FINISHED, finished=now.timestamp())
    reason = "; ".join(unhandled(part) for part in parts) or "The user data cannot be unpacked."
    return UserDataResult(state=UserDataState.NOT_RUN, reason=reason, finished=now.timestamp())


def parts_of(user_data: bytes) -> tuple[Part, ...]:
    """None of them when it cannot be unpacked."""
    try:
        return split(user_data)
    except Unreadable:
        return ()
