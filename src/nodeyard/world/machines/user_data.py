"""Read what a machine is told at its first boot, as the boot program of each image does. Pure.

What clusters without EKS tell is read by `self_managed`.
Source: nodeadm API v1alpha1; amazon-eks-ami bootstrap.sh; Bottlerocket settings.kubernetes;
EKS User Guide, Windows nodes.
"""

from __future__ import annotations

import email
import re
import shlex
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from nodeyard.world.machines import self_managed

Taint = tuple[str, str, str]

NODE_CONFIG = "application/node.eks.aws"
_LABEL_PREFIXES = ("kubelet.kubernetes.io", "node.kubernetes.io")
_LABELS_ALLOWED = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


class NotJoining(Exception):
    """The boot program stops; the text is what its log says."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """Where to join, and as what. Taints are (key, value, effect). No `cluster`: the endpoint says it."""

    cluster: str
    endpoint: str
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    max_pods: int | None = None


@lru_cache(maxsize=256)
def read(raw: bytes) -> Instructions:
    """Return the instructions in user data of any form. Raises: NotJoining."""
    found = _instructions(raw)
    refused = sorted(key for key in found.labels if not _label_allowed(key))
    if refused:
        raise NotJoining(
            "kubelet: failed to validate kubelet flags: unknown 'kubernetes.io' or 'k8s.io' labels specified "
            f"with --node-labels: [{' '.join(refused)}]; --node-labels in these namespaces must begin with "
            f"an allowed prefix ({', '.join(_LABEL_PREFIXES)}) or be in the specifically allowed set"
        )
    return found


def _label_allowed(key: str) -> bool:
    """Tell whether kubelet takes a label. Source: Kubernetes, kubelet options, node-labels."""
    space = key.partition("/")[0] if "/" in key else ""
    reserved = any(space == each or space.endswith(f".{each}") for each in ("kubernetes.io", "k8s.io"))
    if not reserved or key in _LABELS_ALLOWED:
        return True
    return any(space == each or space.endswith(f".{each}") for each in _LABEL_PREFIXES)


def _instructions(raw: bytes) -> Instructions:
    text = raw.decode("utf-8", "replace")
    if not text.strip():
        raise NotJoining("no user data: nothing tells this machine which cluster to join")
    parts = _parts(text)
    configs = [body for kind, body in parts if kind == NODE_CONFIG]
    if configs:
        return _node_config(configs)
    for _, body in parts:
        if "/etc/eks/bootstrap.sh" in body:
            return _bootstrap(body)
        if "Start-EKSBootstrap" in body or "EKSBootstrapScriptFile" in body:
            return _windows(body)
        if self_managed.is_told(body):
            return _self_managed(body)
    if "settings" in text and "[" in text:
        return _bottlerocket(text)
    raise NotJoining(
        "the user data holds no NodeConfig, bootstrap call, settings.kubernetes, kubeadm join or k3s agent"
    )


def _self_managed(script: str) -> Instructions:
    endpoint, missing = self_managed.read(script)
    if missing:
        raise NotJoining(missing)
    labels, taints = _flags([f"--{each}" for each in self_managed.kubelet_flags(script)])
    return Instructions("", endpoint, labels, taints, self_managed.max_pods(script))


def _parts(text: str) -> list[tuple[str, str]]:
    if not re.match(r"(?i)(mime-version|content-type):", text.lstrip()):
        return [("text/plain", text)]
    found = []
    for part in email.message_from_string(text.lstrip()).walk():
        if not part.is_multipart():
            body = part.get_payload(decode=True)
            found.append(
                (part.get_content_type(), body.decode("utf-8", "replace") if isinstance(body, bytes) else "")
            )
    return found


def _node_config(bodies: list[str]) -> Instructions:
    config: dict[str, Any] = {}
    for body in bodies:
        try:
            each = yaml.safe_load(body)
        except yaml.YAMLError as error:
            raise NotJoining(f"nodeadm: the NodeConfig is not YAML: {error}") from error
        if isinstance(each, dict) and each.get("kind") == "NodeConfig":
            config = _merged(config, each)
    spec = config.get("spec") or {}
    cluster, kubelet = spec.get("cluster") or {}, spec.get("kubelet") or {}
    for name in ("name", "apiServerEndpoint", "certificateAuthority", "cidr"):
        if not cluster.get(name):
            raise NotJoining(f"nodeadm: validation failed: {name} is missing in cluster configuration")
    most = (kubelet.get("config") or {}).get("maxPods")
    labels, taints = _flags([str(flag) for flag in kubelet.get("flags") or ()])
    return Instructions(str(cluster["name"]), str(cluster["apiServerEndpoint"]), labels, taints, most)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        held = merged.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            merged[key] = _merged(held, value)
        elif isinstance(held, list) and isinstance(value, list):
            merged[key] = held + value
        else:
            merged[key] = value
    return merged


def _bootstrap(script: str) -> Instructions:
    variables = {name: value.strip("'\"") for name, value in re.findall(r"^(\w+)=(\S*)$", script, re.M)}
    joined = script.replace("\\\n", " ")
    line = next(each for each in joined.splitlines() if "/etc/eks/bootstrap.sh" in each)
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise NotJoining(f"bootstrap.sh: syntax error: {error}") from error
    words = [re.sub(r"\$\{?(\w+)\}?", lambda m: variables.get(m[1], ""), word) for word in words]
    words = words[next(i for i, word in enumerate(words) if word.endswith("/etc/eks/bootstrap.sh")) + 1 :]
    options, cluster = _options(words)
    if not cluster:
        raise NotJoining("bootstrap.sh: CLUSTER_NAME is not defined")
    labels, taints = _flags(options.get("kubelet-extra-args", "").split())
    most = _max_pods(options.get("kubelet-extra-args", ""))
    return Instructions(cluster, options.get("apiserver-endpoint", ""), labels, taints, most)


def _options(words: list[str]) -> tuple[dict[str, str], str]:
    options: dict[str, str] = {}
    cluster = ""
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            options[name] = value if equals else next(rest, "")
        elif not cluster:
            cluster = word
    return options, cluster


def _windows(script: str) -> Instructions:
    def option(name: str) -> str:
        found = re.search(rf"-{name}\s+(?:\"([^\"]*)\"|'([^']*)'|(\S+))", script, re.I)
        return next((each for each in found.groups() if each is not None), "") if found else ""

    cluster = option("EKSClusterName")
    if not cluster:
        raise NotJoining("Start-EKSBootstrap.ps1: -EKSClusterName is missing")
    extra = option("KubeletExtraArgs")
    labels, taints = _flags(extra.split())
    return Instructions(cluster, option("APIServerEndpoint"), labels, taints, _max_pods(extra))


def _bottlerocket(text: str) -> Instructions:
    try:
        settings = tomllib.loads(text).get("settings", {}).get("kubernetes", {})
    except tomllib.TOMLDecodeError as error:
        raise NotJoining(f"early-boot-config: the user data is not TOML: {error}") from error
    cluster = settings.get("cluster-name")
    if not cluster:
        raise NotJoining("settings.kubernetes.cluster-name is not set")
    taints = []
    for key, values in (settings.get("node-taints") or {}).items():
        for each in values if isinstance(values, list) else [values]:
            value, _, effect = str(each).rpartition(":")
            taints.append((key, value, effect))
    labels = {key: str(value) for key, value in (settings.get("node-labels") or {}).items()}
    return Instructions(
        cluster, settings.get("api-server", ""), labels, tuple(taints), settings.get("max-pods")
    )


def _flags(flags: list[str]) -> tuple[dict[str, str], tuple[Taint, ...]]:
    labels: dict[str, str] = {}
    taints: list[Taint] = []
    words = iter(flags)
    for flag in words:
        name, equals, value = flag.strip("\"'").partition("=")
        if name not in ("--node-labels", "--register-with-taints"):
            continue
        if not equals:
            value = next(words, "").strip("\"'")
        for each in filter(None, value.split(",")):
            key, _, said = each.partition("=")
            if name == "--node-labels":
                labels[key] = said
                continue
            key, _, effect = key.partition(":") if ":" in key else (key, "", "")
            said, _, after = said.rpartition(":")
            taints.append((key, said, effect or after))
    return labels, tuple(taints)


def _max_pods(text: str) -> int | None:
    found = re.search(r"--max-pods[= ]\"?(\d+)", text)
    return int(found[1]) if found else None
