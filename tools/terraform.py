"""Terraform and its AWS provider, as they were released: `make terraform` builds both, tests/real runs them.

Go takes the sources as modules and verifies them against go.sum and its checksum database. Releases of the
provider after 3.40 (May 2021) cannot be named as modules, those of Terraform after 1.5 are not free software.
"""

from __future__ import annotations

from pathlib import Path

from tools.go_program import GoProgram

SOURCE = Path(__file__).parent.parent / "tests" / "terraform"
PROVIDER_VERSION = "3.40.0"
"""Source: CHANGELOG.md of the commit that tests/terraform/provider/go.mod names."""

_HOSTS = (
    "github.com",
    "google.golang.org",
    "cloud.google.com",
    "go.opencensus.io",
    "k8s.io",
    "sigs.k8s.io",
    "gopkg.in",
    "honnef.co",
)
_UNOPTIMIZED = tuple(f"{host}/...=-N -l -dwarf=false" for host in _HOSTS)
"""Halves the compiler's work: the provider brings some 150 clients of AWS, of which a test needs five."""

TERRAFORM = GoProgram(
    "terraform-cli", SOURCE / "program", "github.com/hashicorp/terraform", compiling=_UNOPTIMIZED
)
PROVIDER = GoProgram(
    "terraform-provider-aws",
    SOURCE / "provider",
    "github.com/terraform-providers/terraform-provider-aws",
    compiling=_UNOPTIMIZED,
)


if __name__ == "__main__":
    raise SystemExit(TERRAFORM.build() or PROVIDER.build())
