"""CloudWatch by the AWS SDK for Rust, which speaks CBOR (Smithy RPC v2) only. The first run compiles the SDK, for about two minutes."""

import shutil
from pathlib import Path

import pytest

from tests.support.clients import ClientSandbox, needs, program

pytestmark = needs("cargo (the AWS SDK for Rust)", program("cargo") is not None)
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "clients" / "rust-cloudwatch"
BUILT = ROOT / "build" / "rust-cloudwatch"


def test_cloudwatch_over_cbor(sandbox: ClientSandbox, nothing_left: None) -> None:
    source = BUILT / "source"  # cargo writes its lock file beside the manifest
    shutil.copytree(FOLDER, source, dirs_exist_ok=True)
    cargo = {"CARGO_TARGET_DIR": str(BUILT)}
    if sandbox.command("cargo", "fetch", check=False, cwd=source, more=cargo).returncode != 0:
        pytest.skip("left out: the crates of the AWS SDK for Rust cannot be fetched")
    sandbox.command("cargo", "build", "--quiet", cwd=source, more=cargo, seconds=1200)
    printed = sandbox.command(str(BUILT / "debug" / "rust-cloudwatch"), sandbox.endpoint).stdout
    assert printed.count("ok ") >= 14
    assert "NOT" not in printed
