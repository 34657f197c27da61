"""One service with one cluster for all conformance tests; each test makes and deletes its own group."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.kubernetes import APPS, BUDGETS, Kubernetes
from tests.e2e.service import ACCOUNT, Service

CLUSTER = "prod"
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/node"
SUBNETS = ["subnet-048e5fe91337a699c", "subnet-0237837c3956660b0"]
SPEED = 300


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("conformance"))
    made.start("--speed", str(SPEED))
    eks = made.client("eks")
    role = f"arn:aws-cn:iam::{ACCOUNT}:role/eks"
    vpc = {"subnetIds": SUBNETS}
    eks.create_cluster(name=CLUSTER, version="1.33", roleArn=role, resourcesVpcConfig=vpc)
    made.until(lambda: eks.describe_cluster(name=CLUSTER)["cluster"]["status"] == "ACTIVE")
    yield made
    made.kill()


@pytest.fixture
def kubernetes(service: Service) -> Iterator[Kubernetes]:
    made = Kubernetes(service, CLUSTER)
    yield made
    for path in (APPS, BUDGETS):
        for each in made.items(path):
            made.ask("DELETE", f"{path}/{each['metadata']['name']}")
