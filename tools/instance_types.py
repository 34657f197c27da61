"""Write src/nodeyard/catalog/instance_types.csv from the figures of EC2's DescribeInstanceTypes.

Run it with the file that moto ships of them, after an update of moto:
`python tools/instance_types.py`.
"""

from __future__ import annotations

import csv
import gzip
import json
from importlib import resources
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/nodeyard/catalog/instance_types.csv"
COLUMNS = (
    "name",
    "vcpus",
    "memory_mib",
    "architecture",
    "accelerator",
    "accelerators",
    "enis",
    "ips_per_eni",
)


def row(name: str, facts: dict[str, Any]) -> tuple[Any, ...] | None:
    """Return one type's row, None for types that no Kubernetes node runs on."""
    architectures = facts["ProcessorInfo"]["SupportedArchitectures"]
    architecture = next((each for each in ("x86_64", "arm64") if each in architectures), None)
    if architecture is None:
        return None
    kind, count = "", 0
    gpus = [gpu for gpu in facts.get("GpuInfo", {}).get("Gpus", ()) if gpu["Manufacturer"] == "NVIDIA"]
    neurons = facts.get("NeuronInfo", {}).get("NeuronDevices", ())
    if gpus:
        kind, count = "nvidia", sum(int(gpu["Count"]) for gpu in gpus)
    elif neurons:
        kind, count = "neuron", sum(int(each["Count"]) for each in neurons)
    network = facts["NetworkInfo"]
    # Pods get addresses from the first network card alone.
    enis = network["NetworkCards"][0]["MaximumNetworkInterfaces"]
    memory = facts["MemoryInfo"]["SizeInMiB"]
    vcpus = facts["VCpuInfo"]["DefaultVCpus"]
    return name, vcpus, memory, architecture, kind, count, enis, network["Ipv4AddressesPerInterface"]


def main() -> None:
    packed = resources.files("moto").joinpath("ec2/resources/instance_types.json.gz").read_bytes()
    facts = json.loads(gzip.decompress(packed))
    rows = [found for name in sorted(facts) if (found := row(name, facts[name])) is not None]
    with TARGET.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
