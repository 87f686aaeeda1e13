"""Terraform with its AWS provider, as a person runs it on examples/terraform, and on more.

The provider is not fetched: it is used where a machine has its binary, as a filesystem mirror.
"""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.clients import ROOT, ClientSandbox

EXAMPLE = ROOT / "examples/terraform"
MORE = ROOT / "tests/clients/terraform"
ROOTS = ("/opt", "/usr/local", "/usr/share", "/usr/lib", "/var/lib", "~/.terraform.d", "~/.cache", "~/.local/share")
DEPTH = 9
UNCHANGED = 0
"""Exit code of `terraform plan -detailed-exitcode` for an empty plan."""


@cache
def mirror() -> Path | None:
    """The folder HOST/NAMESPACE/aws/VERSION/PLATFORM/terraform-provider-aws* is in, where this machine has one."""
    for root in (Path(name).expanduser() for name in ROOTS):
        for folder, below, files in os.walk(root):
            if len(Path(folder).relative_to(root).parts) >= DEPTH:
                below.clear()
            if any(name.startswith("terraform-provider-aws") for name in files) and Path(folder).parts[-3] == "aws":
                return Path(folder).parents[4]
    return None


@dataclass
class Terraform:
    sandbox: ClientSandbox
    folder: Path

    def run(self, *arguments: str, check: bool = True) -> Any:
        more = {"TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        return self.sandbox.command("terraform", *arguments, "-no-color", cwd=self.folder, more=more, check=check, seconds=400)

    def apply(self, **variables: object) -> dict[str, str]:
        self.run("apply", "-auto-approve", "-input=false", *_options(variables))
        return {name: found["value"] for name, found in json.loads(self.run("output", "-json").stdout).items()}

    def assert_unchanged(self, **variables: object) -> None:
        """The plan is empty: what the API returns is what the configuration says."""
        planned = self.run("plan", "-detailed-exitcode", "-input=false", *_options(variables), check=False)
        assert planned.returncode == UNCHANGED, planned.stdout[-8000:] + planned.stderr[-4000:]

    def add_more(self) -> None:
        """Adds what the tests have beyond the example."""
        shutil.copytree(MORE, self.folder, dirs_exist_ok=True)

    def has_resources(self) -> bool:
        return (self.folder / "terraform.tfstate").exists() and bool(self.run("state", "list", check=False).stdout.strip())

    def destroy(self) -> None:
        self.run("destroy", "-auto-approve", "-input=false")


def _options(variables: dict[str, object]) -> list[str]:
    return [f"-var={name}={value}" for name, value in variables.items()]


def installed() -> bool:
    return shutil.which("terraform") is not None and mirror() is not None


def in_folder(sandbox: ClientSandbox, folder: Path) -> Terraform:
    """Copies the example into the folder, beside the script that it reads, and initializes it there."""
    shutil.copytree(EXAMPLE, folder / "terraform")
    shutil.copy(ROOT / "examples/deploy.sh", folder)
    made = Terraform(sandbox, folder / "terraform")
    (made.folder / "terraform.rc").write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror()}" }}\n}}\n')
    made.run("init", "-input=false")
    return made
