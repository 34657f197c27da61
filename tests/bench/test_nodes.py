"""How long a large group takes, and what its nodes cost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench.figures import Figure, Figures
from tests.e2e.service import ACCOUNT, Service

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

SPEED = 60
"""Full speed for a thousand nodes: at more, the time limit of a creation (35 simulated minutes) is
shorter than the work that a processor has with so many nodes."""
READY_BAR_S = 15.0
MEMORY_BAR_MB = 600.0
SUBNETS = ["subnet-048e5fe91337a699c", "subnet-0237837c3956660b0"]
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/node"


def _ready_nodes(service: Service, size: int) -> tuple[float, float]:
    """Return the seconds until a new group is ACTIVE with all its nodes, and the process's MB then."""
    service.start("--speed", str(SPEED), "--quota", "nodes-per-nodegroup=1000", "--log-level", "warning")
    eks: Any = service.client("eks")
    eks.create_cluster(
        name="big",
        roleArn=f"arn:aws-cn:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={"subnetIds": SUBNETS},
    )
    service.until(lambda: eks.describe_cluster(name="big")["cluster"]["status"] == "ACTIVE")
    began = time.perf_counter()
    eks.create_nodegroup(
        clusterName="big",
        nodegroupName="all",
        subnets=SUBNETS,
        nodeRole=ROLE,
        scalingConfig={"minSize": 0, "maxSize": size, "desiredSize": size},
    )

    def status() -> Any:
        return eks.describe_nodegroup(clusterName="big", nodegroupName="all")["nodegroup"]["status"]

    service.until(lambda: status() != "CREATING", limit_s=200, every_s=0.25)
    took = time.perf_counter() - began
    assert status() == "ACTIVE"
    return took, service.memory_mb()


@pytest.mark.parametrize("size", [200, 1000])
def test_a_large_group_becomes_active(size: int, tmp_path: Path, figures: Figures) -> None:
    service = Service(tmp_path)
    try:
        took, memory = _ready_nodes(service, size)
    finally:
        service.kill()
    conditions = f"one group, --speed {SPEED}, SQLite on disk"
    bar_s, bar_mb = (READY_BAR_S, MEMORY_BAR_MB) if size == 1000 else (None, None)
    figures.add(Figure(f"{size} nodes Ready, group ACTIVE", took, "s", conditions, bar=bar_s))
    figures.add(Figure(f"memory with {size} nodes", memory, "MB", "resident, whole process", bar=bar_mb))
