"""A folder in which Terraform works against a service, set up as where its registry cannot be reached."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import ACCOUNT, REGION
from tools import terraform

LIMIT_S = 240
MIRRORED = """
provider_installation {
  filesystem_mirror {
    path = "%s"
  }
}
"""


def needed() -> None:
    """Skip where Terraform or its provider was not built."""
    for program in (terraform.TERRAFORM, terraform.PROVIDER):
        if not program.path.exists():
            pytest.skip(f"{program.name} was not built: `make terraform` builds it (needs Go 1.26 or newer)")


class Workspace:
    """`endpoint` is that of Nodeyard, also as the variable of that name."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        mirror = folder / "mirror"
        settings = folder / "terraform.rc"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": REGION,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_endpoint": endpoint,
        }
        folder.mkdir(parents=True, exist_ok=True)
        settings.write_text(MIRRORED % mirror)
        platform = json.loads(self.run("version", "-json"))["platform"]
        place = mirror / "registry.terraform.io/hashicorp/aws" / terraform.PROVIDER_VERSION / platform
        place.mkdir(parents=True)
        (place / f"terraform-provider-aws_v{terraform.PROVIDER_VERSION}").symlink_to(terraform.PROVIDER.path)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Return what a command prints, also of errors, which it must end with. Raises: AssertionError."""
        process = subprocess.Popen(
            [terraform.TERRAFORM.path, *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=LIMIT_S)
        finally:  # the provider is a process too, and does not end when Terraform is killed
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        told = f"terraform {' '.join(arguments)} ended with {process.returncode}:\n{said}"
        assert process.returncode == code, told
        return said

    def apply(self, *arguments: str, code: int = 0) -> str:
        """Return what an apply prints; errors are in lines of any length."""
        return self.run("apply", "-auto-approve", "-no-color", "-input=false", *arguments, code=code)

    def is_done(self) -> bool:
        """Return whether a plan has nothing to do. Raises: AssertionError where it cannot tell."""
        return "No changes." in self.run("plan", "-no-color", "-input=false", "-detailed-exitcode")

    def set(self, **variables: Any) -> None:
        """Give variables values from now on."""
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(variables))
