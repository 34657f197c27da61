"""`nodeyard cluster rbac` on a real control plane: exactly what it grants is used, and it is enough."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from nodeyard.cli.main import run
from nodeyard.drivers.kubernetes import Client, Identity, KubernetesApi, attaching
from nodeyard.drivers.system import RealClock
from nodeyard.ports import Denied
from nodeyard.rehearse.snapshot import KINDS
from nodeyard.translation import cluster_rights, node_identity
from nodeyard.translation import kubeconfig as kubeconfigs
from nodeyard.translation.cluster_rights import Right
from tests.plane import LIMIT_S, Plane, until
from tests.real.machines import asked

ACCOUNT = "system:serviceaccount:nodeyard:nodeyard"
OF_EVERYBODY = "selfsubjectaccessreviews"
"""Every account may ask what it may do. Source: Kubernetes, RBAC, default roles: system:basic-user."""
CLOCK = RealClock()
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "attach-a-cluster.md"
BLOCK = re.compile(r"^```\n(.*?)^```$", re.M | re.S)


def apply(plane: Plane, capsys: pytest.CaptureFixture[str], *flags: str) -> None:
    """Do what the documentation says: nodeyard cluster rbac | kubectl apply -f -"""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    assert run(["cluster", "rbac", *flags]) == 0
    manifest = capsys.readouterr().out
    command = [kubectl, "--kubeconfig", str(plane.kubeconfig), "apply", "-f", "-"]
    done = subprocess.run(command, input=manifest, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def kubeconfig(plane: Plane, namespace: str = "nodeyard") -> str:
    """Return the kubeconfig of the manifest's service account."""
    path = f"/api/v1/namespaces/{namespace}/secrets/nodeyard"

    def made() -> dict[str, str]:
        return asked(plane, "GET", path).get("data") or {}

    until(lambda: "token" in made())
    secret = made()
    user = {"token": base64.b64decode(secret["token"]).decode()}
    cluster = {"server": plane.server, "certificate-authority-data": secret["ca.crt"]}
    return yaml.safe_dump(
        {
            "kind": "Config",
            "current-context": "n",
            "contexts": [{"name": "n", "context": {"cluster": "n", "user": "n"}}],
            "clusters": [{"name": "n", "cluster": cluster}],
            "users": [{"name": "n", "user": user}],
        }
    )


def used(plane: Plane) -> set[Right]:
    """Return the rights that the account of the manifest used, by the API server's log; none was denied."""
    found = set()
    for each in plane.audited():
        at = each.get("objectRef") or {}
        if each["user"]["username"] != ACCOUNT or at.get("resource") == OF_EVERYBODY:
            continue
        assert each["responseStatus"]["code"] != 403, each
        if not at:
            assert each["requestURI"].partition("?")[0] == "/version"
            continue
        resource = "/".join(filter(None, (at["resource"], at.get("subresource"))))
        where = (at["namespace"], at["name"]) if resource == "configmaps" else (None, None)
        found.add(Right(each["verb"], at.get("apiGroup", ""), resource, *where))
    return found


async def test_what_the_manifest_grants_is_all_that_is_used_and_enough(
    plane: Plane, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(plane, capsys)
    way = attaching.way(kubeconfig(plane), None)
    assert tuple(map(int, (await attaching.look(way, CLOCK, ())).version.split("."))) >= (1, 34)

    async def identity() -> Identity:
        return await attaching.identity(way, CLOCK, ())

    client = Client(attaching.endpoint(way), identity, CLOCK)
    kubernetes = KubernetesApi(client, attached=True)
    try:
        await everything(plane, kubernetes)
    finally:
        await client.close()
    assert used(plane) == cluster_rights.rights()


async def everything(plane: Plane, kubernetes: KubernetesApi) -> None:
    """Do once what node groups ever do in a cluster that is attached; nothing may be denied."""
    node = {"metadata": {"name": "node-1", "labels": {"eks.amazonaws.com/nodegroup": "blue"}}}
    asked(plane, "POST", "/api/v1/nodes", node)
    spec = {"nodeName": "node-1", "containers": [{"name": "app", "image": "app:1"}]}
    for name in ("web-1", "web-2"):
        pod = {"metadata": {"name": name}, "spec": spec}
        asked(plane, "POST", "/api/v1/namespaces/default/pods", pod)
    await kubernetes.version()
    (found,) = await kubernetes.nodes({"eks.amazonaws.com/nodegroup": "blue"})
    await kubernetes.set_unschedulable(found.name, True)
    watch = kubernetes.watch()
    assert await anext(watch) == "blue"  # and while its node is cordoned, pods and budgets are watched
    first, second = await kubernetes.pods_on("node-1")
    assert len(await kubernetes.pods_in("default")) == 2
    await kubernetes.budgets("")
    await kubernetes.evict("default", first.name, first.uid)
    await kubernetes.delete_pod("default", second.name, second.uid, grace_s=0)
    assert await anext(watch) == "blue"
    await kubernetes.patch_node("node-1", labels={"a": "b"}, taints=[("gpu", "", "NoSchedule")])
    for resource, (version, _) in KINDS.items():
        await kubernetes.documents(version, resource.partition(".")[0])
    role = "arn:aws:iam::111122223333:role/node"
    await kubernetes.ensure_node_identity(role)
    await kubernetes.remove_node_identity(role)
    auth = f"/api/v1/namespaces/{node_identity.NAMESPACE}/configmaps"
    asked(plane, "POST", auth, node_identity.aws_auth("- rolearn: other\n"))
    await kubernetes.ensure_node_identity(role)
    there = asked(plane, "GET", f"{auth}/aws-auth")["data"]["mapRoles"]
    assert "rolearn: other" in there and f"rolearn: {role}" in there
    await kubernetes.remove_node_identity(role)
    await kubernetes.delete_node("node-1")
    await watch.aclose()  # type: ignore[attr-defined]


def test_the_commands_of_the_how_to_make_a_kubeconfig_that_leads_in(
    plane: Plane, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    apply(plane, capsys)
    kubeconfig(plane)  # once it returns, the account has its token
    (block,) = [each for each in BLOCK.findall(PAGE.read_text()) if "set-credentials" in each]
    script = block.replace("https://10.0.1.10:6443", plane.server)
    variables = os.environ | {"KUBECONFIG": str(plane.kubeconfig)}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    way = attaching.way((tmp_path / "nodeyard.kubeconfig").read_text(), None)
    assert asyncio.run(attaching.look(way, CLOCK, ())).version


async def test_an_account_without_the_rights_is_told_which_it_lacks(
    plane: Plane, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(plane, capsys, "--namespace", "elsewhere")
    asked(plane, "DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/nodeyard")
    way = attaching.way(kubeconfig(plane, "elsewhere"), None)
    async with asyncio.timeout(LIMIT_S):
        while not (said := await denied(way)):
            await CLOCK.sleep(0.1)  # what was taken away is still granted for a moment
    assert "it is not allowed to list nodes, watch nodes, patch nodes" in said
    assert "create pods/eviction" in said and "nodeyard cluster rbac" in said


async def denied(way: kubeconfigs.Way) -> str:
    """Return the refusal to attach, empty when there is none."""
    try:
        await attaching.look(way, CLOCK, ())
    except Denied as refused:
        return refused.message
    return ""


async def test_every_context_of_a_kubeconfig_leads_in_by_certificate_and_by_token(plane: Plane) -> None:
    text = plane.kubeconfig.read_text()
    names = [each["name"] for each in yaml.safe_load(text)["contexts"]]
    ways = [attaching.way(minimal(text, each), None) for each in names]
    assert {way.certificate is not None for way in ways} == {True, False}
    for way in ways:
        assert (await attaching.look(way, CLOCK, ())).version


def minimal(text: str, context: str) -> str:
    return kubeconfigs.minimal(text, context, lambda path: Path(path).read_bytes())
