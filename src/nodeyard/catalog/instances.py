"""Instance types: figures of EC2's DescribeInstanceTypes, written by tools/instance_types.py."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

PODS_BELOW_30_VCPUS_MAX = 110
PODS_MAX = 250


@dataclass(frozen=True, slots=True)
class InstanceType:
    """`architecture` is x86_64 or arm64; `accelerator` nvidia, neuron or None."""

    name: str
    vcpus: int
    memory_mib: int
    architecture: str
    accelerator: str | None
    accelerators: int
    enis: int
    ips_per_eni: int

    @property
    def max_pods(self) -> int:
        """Return how many pods a node of this type takes.

        Source: EKS User Guide, choose an instance type: enis * (ips - 1) + 2, and its caps.
        """
        addresses = self.enis * (self.ips_per_eni - 1) + 2
        return min(addresses, PODS_BELOW_30_VCPUS_MAX if self.vcpus < 30 else PODS_MAX)


@cache
def instance_types() -> dict[str, InstanceType]:
    """Return every type by name."""
    text = resources.files("nodeyard.catalog").joinpath("instance_types.csv").read_text()
    return {
        row["name"]: InstanceType(
            name=row["name"],
            vcpus=int(row["vcpus"]),
            memory_mib=int(row["memory_mib"]),
            architecture=row["architecture"],
            accelerator=row["accelerator"] or None,
            accelerators=int(row["accelerators"]),
            enis=int(row["enis"]),
            ips_per_eni=int(row["ips_per_eni"]),
        )
        for row in csv.DictReader(text.splitlines())
    }
