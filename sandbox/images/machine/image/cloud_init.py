"""Runs Debian's cloud-init on the user data of this instance: all its stages in one process, which instance-init starts once for each boot.

The `cloud-init` command starts Python for each of its four stages, and searches for metadata first. Here, the data source is given (the
instance and its user data are known), the network is up, and cloud-init is imported once. What user data is, what is done with it and how
often is cloud-init's own code. docs/decisions/005-user-data.md gives the reasons. The modules that run are in
/etc/cloud/cloud.cfg.d/90_sandbox.cfg.

    cloud_init.py <number of the boot> <instance id> <zone> <Region> < user data
"""

import logging
import os
import sys
import time
from email.message import Message
from pathlib import Path
from typing import Any

from cloudinit import stages, user_data, util
from cloudinit.config import schema
from cloudinit.distros import Distro
from cloudinit.settings import PER_ALWAYS, PER_INSTANCE
from cloudinit.sources import DataSource

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import boot_status

schema.get_meta_doc = lambda *_: ""  # documentation, which each module would make of the whole schema when it is imported
from cloudinit.config.modules import Modules  # noqa: E402

LOG = logging.getLogger("cloudinit.sandbox")
HANDLED = ("text/x-shellscript", "text/cloud-config", "text/cloud-boothook", "text/jinja2", "text/part-handler")
"""How the types of parts begin for which cloud-init has a handler."""
SECTIONS = ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules")
CARRIED_OUT = Path(__file__).with_name("cloud_config_keys.txt")


class DataSourceEc2(DataSource):
    """What cloud-init's own data source of this name finds by the metadata service."""

    dsname = "Ec2"

    def __init__(self, init: Any, raw: bytes, instance_id: str, zone: str, region: str) -> None:
        super().__init__(init.cfg, init.distro, init.paths, Processor(init.paths))
        self.userdata_raw = raw
        self.metadata = {"instance-id": instance_id, "availability-zone": zone, "region": region, "local-hostname": util.get_hostname()}
        self._cloud_name, self._platform_type = "aws", "ec2"

    def _get_data(self) -> bool:
        return True

    def _get_subplatform(self) -> str:
        return "metadata (http://169.254.169.254)"


class Processor(user_data.UserDataProcessor):
    def _do_include(self, content: str | bytes, append_msg: Message) -> None:
        lines = (content.decode(errors="replace") if isinstance(content, bytes) else content).splitlines()
        urls = [line.removeprefix("#include-once").removeprefix("#include").strip() for line in lines]
        named = ", ".join(url for url in urls if url and not url.startswith("#")) or "no URL"
        LOG.warning("The sandbox does not fetch what #include names, because instances have no internet access. Not included: %s", named)


def keep_equal_hostname() -> None:
    """A container may not set its host name. The runtime gave it the right one (`hostname` of the cloud-config, else DNS-3)."""
    set_hostname = Distro._apply_hostname
    Distro._apply_hostname = lambda distro, name: None if name == util.get_hostname() else set_hostname(distro, name)


def part_types(init: Any) -> list[str]:
    return [part.get_content_type() for part in init.datasource.get_userdata().walk() if part.get_content_maintype() != "multipart"]


def consume(init: Any) -> None:
    """Gives each part to its handler: all parts in the first boot, boothooks in each boot."""
    ran, _ = init.cloudify().run("consume_data", init.consume_data, args=[PER_INSTANCE], freq=PER_INSTANCE)
    if not ran:
        init.consume_data(PER_ALWAYS)


def tell_keys_without_effect(init: Any) -> None:
    """Of the instance's cloud-config, not of /etc/cloud."""
    given = util.load_yaml(util.load_file(init.paths.get_ipath("cloud_config"), quiet=True) or "", default={}) or {}
    if without := sorted(set(given) - set(CARRIED_OUT.read_text().split())):
        LOG.warning("The sandbox does not carry out these keys of the cloud-config: %s", ", ".join(without))


def run(init: Any, datasource: DataSourceEc2, status: boot_status.Status) -> None:
    init.initialize()
    init.datasource = datasource
    init._reset()
    init.instancify()
    init.update()
    init.datasource.persist_instance_data(write_cache=False)
    status.handled = any(kind.startswith(HANDLED) for kind in part_types(init))
    consume(init)
    if status.handled and status.boot == 1:
        schema.validate_cloudconfig_schema(config=init.cfg, strict=False, log_details=False, log_deprecations=True)
        tell_keys_without_effect(init)
    modules = Modules(init)
    for section in SECTIONS:
        status.stage(section)
        _, failures = modules.run_section(section)
        status.errors += [f"{name}: {error}" for name, error in failures]


def main(boot: str, instance_id: str, zone: str, region: str) -> None:
    os.chdir("/")
    raw = sys.stdin.buffer.read()
    util.close_stdin()
    status = boot_status.Status(int(boot))
    boot_status.set_up_logging(status)
    started = time.monotonic()
    util.uptime = lambda: f"{time.monotonic() - started:.2f}"  # of the instance, not of the machine that runs its container
    LOG.info("cloud-init runs the user data of %s", instance_id)
    try:
        keep_equal_hostname()
        init = stages.Init()
        init.read_cfg()
        run(init, DataSourceEc2(init, raw, instance_id, zone, region), status)
    except Exception as error:
        util.logexc(LOG, "cloud-init failed: %s", error)
    LOG.debug("cloud-init took %.3f s", time.monotonic() - started)
    status.write()


if __name__ == "__main__":
    main(*sys.argv[1:5])
