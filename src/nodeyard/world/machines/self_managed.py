"""Read what scripts of kubeadm and k3s tell a machine at its first boot: where to join, what lacks. Pure.

Scripts are not executed: what the how-tos write is found, and what kubeadm and k3s stop without is missed.
Source: kubeadm join, discovery; k3s agent, server and token; Kubernetes, kubelet, --provider-id.
"""

from __future__ import annotations

import re

_KUBEADM = re.compile(r"^\s*(?:exec\s+)?kubeadm\s+join\s+[\"']?([^\s\"']+)", re.M)
_K3S = re.compile(r"\bk3s\s+agent\b")
_K3S_SERVER = re.compile(r"(?:K3S_URL=|^server:\s*|--server[= ])[\"']?(https://[^\s\"']+)", re.M)
_K3S_TOKEN = re.compile(r"K3S_TOKEN=\S|^token:\s*\S|--token[= ]\S", re.M)
_FLAG = re.compile(r"\b((?:node-labels|register-with-taints)=[^\s\"']*)")
_MAX_PODS = re.compile(r"\bmax-pods=(\d+)")
_TRUSTED = ("--discovery-token-ca-cert-hash", "--discovery-token-unsafe-skip-ca-verification")


def is_told(script: str) -> bool:
    """Tell whether a script joins by kubeadm or k3s."""
    return bool(_KUBEADM.search(script) or _K3S.search(script))


def read(script: str) -> tuple[str, str]:
    """Return the API server's address, and what its log says when it stops; empty where it does not."""
    kubeadm = _KUBEADM.search(script)
    if kubeadm is not None:
        endpoint, missing = f"https://{kubeadm[1]}", _kubeadm_lacks(script[kubeadm.start() :])
    else:
        server = _K3S_SERVER.search(script)
        endpoint = server[1] if server else ""
        missing = _k3s_lacks(script, endpoint)
    if not missing and "provider-id=" not in script:
        missing = "kubelet: no --provider-id is given: nobody can tell which instance this node is"
    return endpoint, missing


def kubelet_flags(script: str) -> list[str]:
    """Return `node-labels=...` and `register-with-taints=...` as the kubelet is told them."""
    return _FLAG.findall(script)


def max_pods(script: str) -> int | None:
    found = _MAX_PODS.search(script)
    return int(found[1]) if found else None


def _kubeadm_lacks(rest: str) -> str:
    command = rest.replace("\\\n", " ").partition("\n")[0]
    if "--discovery-file" in command:
        return ""
    if "--token" not in command:
        return 'kubeadm: discovery: Invalid value: "": bootstrapToken or file must be set'
    if not any(each in command for each in _TRUSTED):
        return (
            "kubeadm: discovery.bootstrapToken: using token-based discovery without caCertHashes can be "
            "unsafe; set unsafeSkipCAVerification as true to continue"
        )
    return ""


def _k3s_lacks(script: str, endpoint: str) -> str:
    if not endpoint:
        return "k3s: --server is required"
    if not _K3S_TOKEN.search(script):
        return "k3s: --token is required"
    return ""
