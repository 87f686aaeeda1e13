"""What a boot in the process runtime does with user data: what it runs, what it refuses, and why. Pure.

User data runs as the sandbox's own account in the instance's folder, so what needs root is refused with a sentence and the rest is run. If
nothing is left to run of user data that would start an application, the image's application starts in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.drivers.runtime.base import UserDataResult, UserDataState
from sandbox.drivers.runtime.process import needs_root
from sandbox.drivers.runtime.user_data import cloud_config
from sandbox.drivers.runtime.user_data.cloud_config import CloudConfig, File
from sandbox.drivers.runtime.user_data.effect import EVERY_BOOT, SCRIPTS
from sandbox.drivers.runtime.user_data.parts import Kind, Part, Unreadable, split, unhandled, urls

WITHOUT_ROOT = frozenset({"bootcmd", "runcmd", "write_files", "hostname", "fqdn", "final_message", "merge_how", "merge_type"})
"""Keys of the cloud-config that are carried out, or that need nothing."""
HOOK = b"#cloud-boothook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BootPlan:
    """In this order: `early` scripts, `files`, `scripts`. `warnings`: in cloud-init's words; `refused`: what this runtime does not do."""

    early: tuple[Script, ...] = ()
    files: tuple[File, ...] = ()
    scripts: tuple[Script, ...] = ()
    warnings: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        return bool(self.early or self.files or self.scripts)

    def result_without_running(self) -> UserDataResult | None:
        """Of a boot in which nothing is run."""
        reason = "; ".join((*self.warnings, *self.refused))
        return UserDataResult(state=UserDataState.NOT_RUN, reason=reason) if reason else None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Module and sentence of each, as cloud-init logs them."""
        yield from (("handlers", text) for text in self.warnings)
        yield from (("instance-init", text) for text in self.refused)


def plan(user_data: bytes, boot: int) -> BootPlan:
    """`boot`: 1 is the first."""
    try:
        parts = split(user_data)
    except Unreadable as error:
        return BootPlan(warnings=(str(error),))
    config = cloud_config.read(part.content for part in parts if part.kind is Kind.CLOUD_CONFIG)
    refusals: list[str] = []
    early = [_hook(part) for part in parts if part.kind is Kind.BOOTHOOK] + _generated("bootcmd", config.bootcmd)
    scripts = [_script(part) for part in parts if _due(part, boot, config)]
    scripts += _generated("runcmd", config.runcmd) if boot == 1 or config.scripts_always else []
    return BootPlan(
        early=_allowed(early, refusals),
        files=_inside(config.files, refusals) if boot == 1 else (),
        scripts=_allowed(scripts, refusals),
        warnings=_warnings(parts, config) if boot == 1 else (),
        refused=(*refusals, *(_without_effect(parts, config) if boot == 1 else ())),
    )


def _due(part: Part, boot: int, config: CloudConfig) -> bool:
    return (part.kind in SCRIPTS and (boot == 1 or config.scripts_always)) or (part.kind in EVERY_BOOT and part.kind is not Kind.BOOTHOOK)


def _script(part: Part) -> Script:
    from_windows = part.content.partition(b"\n")[0].endswith(b"\r")
    return Script(name=part.name, content=part.content.replace(b"\r\n", b"\n") if from_windows else part.content)


def _hook(part: Part) -> Script:
    script = _script(part)
    return Script(name=script.name, content=script.content.lstrip()[len(HOOK) :].lstrip())


def _generated(name: str, text: str) -> list[Script]:
    return [Script(name=name, content=text.encode())] if text else []


def _allowed(scripts: list[Script], refusals: list[str]) -> tuple[Script, ...]:
    found = {script: needs_root.reason(script.content.decode(errors="replace")) for script in scripts}
    refusals += [
        f"The process runtime does not run {script.name}, because it runs user data without root in a folder of its own: {why}"
        for script, why in found.items()
        if why
    ]
    return tuple(script for script, why in found.items() if not why)


def _inside(files: tuple[File, ...], refusals: list[str]) -> tuple[File, ...]:
    outside = [file for file in files if file.path.startswith("/") or ".." in file.path.split("/") or file.owner]
    refusals += [
        f"The process runtime does not write {file.path}: "
        + ("its owner cannot be set without root" if file.owner else "it is outside the instance's folder; relative paths are inside")
        for file in outside
    ]
    return tuple(file for file in files if file not in outside)


def _warnings(parts: tuple[Part, ...], config: CloudConfig) -> tuple[str, ...]:
    includes = [", ".join(urls(part)) or "no URL" for part in parts if part.kind in (Kind.INCLUDE, Kind.INCLUDE_ONCE)]
    fetched = "The sandbox does not fetch what #include names, because instances have no internet access. Not included: "
    unknown = [unhandled(part) for part in parts if part.kind is Kind.UNKNOWN and part.content]
    return (*unknown, *(fetched + named for named in includes), *config.problems)


def _without_effect(parts: tuple[Part, ...], config: CloudConfig) -> tuple[str, ...]:
    kinds = (Kind.JINJA, Kind.PART_HANDLER, Kind.ARCHIVE, Kind.JSON_PATCH)
    found = [f"The process runtime does not run user data of type {part.kind.value}." for part in parts if part.kind in kinds]
    if keys := sorted(key for key in config.keys - WITHOUT_ROOT if not key.endswith("_modules")):
        found.append(f"The process runtime does not carry out these keys of the cloud-config: {', '.join(keys)}")
    return tuple(found)
