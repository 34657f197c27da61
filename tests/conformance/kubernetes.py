"""A cluster's Kubernetes API for tests, reached as `aws eks get-token` users reach it."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

import boto3
from botocore.signers import RequestSigner

from tests.e2e.service import ACCOUNT, REGION, Service

APPS = "/apis/apps/v1/namespaces/default/deployments"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
PODS = "/api/v1/namespaces/default/pods"
NODES = "/api/v1/nodes"


class Kubernetes:
    """One cluster; requests by path, bodies as dicts."""

    def __init__(self, service: Service, cluster: str) -> None:
        found = service.client("eks").describe_cluster(name=cluster)["cluster"]
        self._url = found["endpoint"]
        ca = base64.b64decode(found["certificateAuthority"]["data"]).decode()
        self._trust = ssl.create_default_context(cadata=ca)
        self._token = _token(cluster)

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, context=self._trust, timeout=10) as answer:
            return json.load(answer)

    def items(self, path: str) -> list[Any]:
        found: list[Any] = self.ask("GET", path)["items"]
        return found

    def version(self, path: str) -> str:
        """Return the resource version of a list, to hear later what happened since."""
        return str(self.ask("GET", path)["metadata"]["resourceVersion"])

    def since(self, path: str, version: str) -> list[Any]:
        """Return every state that objects were in after a resource version: a watch that is told the past."""
        asked = f"{self._url}{path}?watch=1&timeoutSeconds=1&resourceVersion={version}"
        request = urllib.request.Request(asked, headers={"Authorization": f"Bearer {self._token}"})
        with urllib.request.urlopen(request, context=self._trust, timeout=10) as answer:
            return [json.loads(line)["object"] for line in answer]

    def patch(self, path: str, body: Any) -> Any:
        return self.ask("PATCH", path, body, "application/merge-patch+json")

    def deploy(self, name: str, replicas: int) -> None:
        """Run a deployment that spreads over nodes where it can."""
        labels = {"app": name}
        container = {"name": "main", "image": "nginx"}
        pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod}
        self.ask("POST", APPS, {"metadata": {"name": name, "labels": labels}, "spec": spec})

    def budget(self, name: str, **demand: Any) -> None:
        """Put a PodDisruptionBudget over the deployment of the same name."""
        spec = {"selector": {"matchLabels": {"app": name}}, **demand}
        self.ask("POST", BUDGETS, {"metadata": {"name": name}, "spec": spec})

    def ready(self, name: str) -> int:
        try:
            status = self.ask("GET", f"{APPS}/{name}").get("status") or {}
        except urllib.error.HTTPError:
            return 0
        return int(status.get("readyReplicas") or 0)


def _token(cluster: str) -> str:
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="any", region_name=REGION)
    sts = session.client("sts")
    signer = RequestSigner(
        sts.meta.service_model.service_id,
        REGION,
        "sts",
        "v4",
        session.get_credentials(),
        session.events,
    )
    url = signer.generate_presigned_url(
        {
            "method": "GET",
            "url": f"https://sts.{REGION}.amazonaws.com.cn/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {"x-k8s-aws-id": cluster},
            "context": {},
        },
        region_name=REGION,
        expires_in=60,
        operation_name="",
    )
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
