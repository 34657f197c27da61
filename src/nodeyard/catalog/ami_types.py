"""The AMI types of EKS: architecture, operating system, accelerator, and where SSM has them.

Source: EKS User Guide, retrieve recommended AMI IDs; EKS API model, AMITypes.
"""

from __future__ import annotations

from dataclasses import dataclass

AL2_PATHS = {
    "AL2_x86_64": "amazon-linux-2",
    "AL2_x86_64_GPU": "amazon-linux-2-gpu",
    "AL2_ARM_64": "amazon-linux-2-arm64",
}


@dataclass(frozen=True, slots=True)
class AmiType:
    """`first` and `last` are minors (34 for 1.34) between which images exist; None: to the newest."""

    name: str
    family: str
    architecture: str
    accelerator: str | None
    first: int
    last: int | None
    variant: str

    def parameter(self, version: str) -> str | None:
        """Return the SSM public parameter without its leaf; None for CUSTOM."""
        if self.family == "AL2023":
            arch = self.architecture
            kind = f"amazon-linux-2023/{arch}/{self.variant}/recommended"
            return f"/aws/service/eks/optimized-ami/{version}/{kind}"
        if self.family == "AL2":
            return f"/aws/service/eks/optimized-ami/{version}/{AL2_PATHS[self.name]}/recommended"
        if self.family == "BOTTLEROCKET":
            return f"/aws/service/bottlerocket/aws-k8s-{version}{self.variant}/{self.architecture}/latest"
        if self.family == "WINDOWS":
            edition, year = self.variant.split()
            server = f"Windows_Server-{year}-English-{edition}-EKS_Optimized-{version}"
            return f"/aws/service/ami-windows-latest/{server}"
        return None

    def exists_for(self, version: str) -> bool:
        """Say whether images of this type exist for a Kubernetes version such as 1.34."""
        minor = int(version.split(".")[1])
        return self.first <= minor and (self.last is None or minor <= self.last)


def _al2023(arch: str, variant: str) -> AmiType:
    name = f"AL2023_{'ARM_64' if arch == 'arm64' else arch}_{variant.upper()}"
    return AmiType(name, "AL2023", arch, None if variant == "standard" else variant, 23, None, variant)


def _bottlerocket(arch: str, suffix: str) -> AmiType:
    name = f"BOTTLEROCKET_{'ARM_64' if arch == 'arm64' else arch}{suffix.upper().replace('-', '_')}"
    return AmiType(name, "BOTTLEROCKET", arch, "nvidia" if "nvidia" in suffix else None, 21, None, suffix)


def _windows(edition: str, year: int, first: int) -> AmiType:
    name = f"WINDOWS_{edition.upper()}_{year}_x86_64"
    return AmiType(name, "WINDOWS", "x86_64", None, first, None, f"{edition} {year}")


_ALL = (
    AmiType("AL2_x86_64", "AL2", "x86_64", None, 14, 32, ""),
    AmiType("AL2_x86_64_GPU", "AL2", "x86_64", "nvidia", 14, 32, ""),
    AmiType("AL2_ARM_64", "AL2", "arm64", None, 15, 32, ""),
    *(_al2023(arch, variant) for arch in ("x86_64", "arm64") for variant in ("standard", "nvidia")),
    _al2023("x86_64", "neuron"),
    *(
        _bottlerocket(arch, suffix)
        for arch in ("x86_64", "arm64")
        for suffix in ("", "-fips", "-nvidia", "-nvidia-fips")
    ),
    *(
        _windows(edition, year, first)
        for edition in ("Core", "Full")
        for year, first in ((2019, 14), (2022, 23), (2025, 35))
    ),
    AmiType("CUSTOM", "CUSTOM", "", None, 0, None, ""),
)

AMI_TYPES: dict[str, AmiType] = {each.name: each for each in _ALL}


def default_for(version: str) -> str:
    """Return the type of a group that names none. Source: observed, AL2023 from 1.30 on."""
    return "AL2_x86_64" if int(version.split(".")[1]) < 30 else "AL2023_x86_64_STANDARD"
