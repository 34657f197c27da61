"""What exists in the account and in the cluster, as clients of a running service see it."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from typing import Any

from tests.e2e.service import ACCOUNT, Service

CLUSTER = "eksngdemo"
SUBNETS = ["subnet-048e5fe91337a699c", "subnet-0237837c3956660b0"]
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/node"

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

Obj = dict[str, Any]


def a_cluster(service: Service, version: str = "1.14") -> Any:
    """Make the cluster and return an EKS client."""
    eks = service.client("eks")
    eks.create_cluster(
        name=CLUSTER,
        version=version,
        roleArn=f"arn:aws-cn:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={"subnetIds": SUBNETS},
    )
    service.until(lambda: eks.describe_cluster(name=CLUSTER)["cluster"]["status"] == "ACTIVE")
    return eks


def a_group(service: Service, name: str, desired: int, **more: Any) -> Any:
    """Make a node group of the cluster and return it."""
    return service.client("eks").create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName=name,
        subnets=SUBNETS,
        nodeRole=ROLE,
        scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": desired},
        **more,
    )["nodegroup"]


def status(service: Service, name: str) -> str:
    """Return the status of a group, empty once it is gone."""
    eks = service.client("eks")
    try:
        found = eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName=name)["nodegroup"]
    except eks.exceptions.ResourceNotFoundException:
        return ""
    return str(found["status"])


def instances(service: Service) -> dict[str, str]:
    """Return instance id -> state, without those that are terminated."""
    found = {
        one["InstanceId"]: one["State"]["Name"]
        for reservation in service.client("ec2").describe_instances()["Reservations"]
        for one in reservation["Instances"]
    }
    return {id: state for id, state in found.items() if state != "terminated"}


def members(service: Service) -> list[str]:
    """Return the lifecycle states of every instance of every Auto Scaling group."""
    found = service.client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    return [each["LifecycleState"] for each in found]


def made(service: Service) -> dict[str, int]:
    """Count what node groups make in the account."""
    return {
        "groups": len(service.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]),
        "templates": len(service.client("ec2").describe_launch_templates()["LaunchTemplates"]),
        "profiles": len(service.client("iam").list_instance_profiles()["InstanceProfiles"]),
        "instances": len(instances(service)),
    }


def nodes(service: Service) -> dict[str, Obj]:
    """Return uid -> node, read from the cluster's own API."""
    cluster = service.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    ca = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    token = (service.folder / "data" / "kubernetes" / "pki" / "internal.token").read_text()
    request = urllib.request.Request(
        f"{cluster['endpoint']}/api/v1/nodes", headers={"authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, context=ssl.create_default_context(cadata=ca)) as answer:
        return {each["metadata"]["uid"]: each for each in json.load(answer)["items"]}


def ready_since(node: Obj) -> str:
    """Return since when a node is Ready, empty when it is not."""
    for condition in node["status"].get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "True":
            return str(condition["lastTransitionTime"])
    return ""


def kubernetes(service: Service, method: str, path: str, body: Obj | None = None, *, kind: str = "") -> Obj:
    """Send one request to the cluster's own API and return the answer."""
    cluster = service.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    ca = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    token = (service.folder / "data" / "kubernetes" / "pki" / "internal.token").read_text()
    request = urllib.request.Request(
        f"{cluster['endpoint']}{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {token}", "content-type": kind or "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, context=ssl.create_default_context(cadata=ca)) as answer:
        found: Obj = json.load(answer)
    return found


def a_workload(service: Service, replicas: int, available: int) -> None:
    """Run `web` under a budget of `available` pods, and wait until all of them are Ready."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    kubernetes(
        service,
        "POST",
        "/apis/apps/v1/namespaces/default/deployments",
        {"metadata": {"name": "web"}, "spec": spec},
    )
    budget = {
        "metadata": {"name": "web"},
        "spec": {"minAvailable": available, "selector": {"matchLabels": labels}},
    }
    kubernetes(service, "POST", f"{BUDGETS}", budget)
    path = "/apis/apps/v1/namespaces/default/deployments/web"
    service.until(lambda: kubernetes(service, "GET", path)["status"].get("readyReplicas") == replicas)


def set_budget(service: Service, available: int) -> None:
    change = {"spec": {"minAvailable": available}}
    kubernetes(service, "PATCH", f"{BUDGETS}/web", change, kind="application/merge-patch+json")
