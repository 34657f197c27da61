"""How many calls a second one client gets answered."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

import pytest

from tests.bench.figures import Figure, Figures, percentile
from tests.bench.test_start import SIGNED
from tests.e2e.service import ACCOUNT, Service

pytestmark = pytest.mark.bench

REQUESTS = 1000


def test_describe_nodegroup_over_one_connection(tmp_path: Path, figures: Figures) -> None:
    service = Service(tmp_path)
    service.start("--speed", "200")
    eks = service.client("eks")
    eks.create_cluster(
        name="small", roleArn=f"arn:aws-cn:iam::{ACCOUNT}:role/eks", resourcesVpcConfig={"subnetIds": []}
    )
    service.until(lambda: eks.describe_cluster(name="small")["cluster"]["status"] == "ACTIVE")
    eks.create_nodegroup(
        clusterName="small",
        nodegroupName="two",
        subnets=["subnet-048e5fe91337a699c"],
        nodeRole=f"arn:aws-cn:iam::{ACCOUNT}:role/node",
    )

    def status() -> str:
        named = {"clusterName": "small", "nodegroupName": "two"}
        return str(eks.describe_nodegroup(**named)["nodegroup"]["status"])

    service.until(lambda: status() == "ACTIVE")
    connection = http.client.HTTPConnection(service.endpoint.removeprefix("http://"), timeout=10)
    took = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("GET", "/clusters/small/node-groups/two", headers=SIGNED)
        answer = connection.getresponse()
        body = answer.read()
        took.append(time.perf_counter() - began)
        assert answer.status == 200
    assert json.loads(body)["nodegroup"]["nodegroupName"] == "two"
    connection.close()
    service.kill()
    conditions = f"{REQUESTS:,} calls, one connection kept alive"
    figures.add(Figure("DescribeNodegroup", REQUESTS / sum(took), "calls/s", conditions))
    for share in (0.5, 0.99):
        figures.add(
            Figure(
                f"DescribeNodegroup p{100 * share:.0f}",
                1000 * percentile(took, share),
                "ms",
                "the same calls",
            )
        )
