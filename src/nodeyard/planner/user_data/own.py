"""User data for images of the caller's own: `{{nodeyard.NAME}}` stands for what a node must know.

So kubeadm, k3s or anything else joins with labels, taints and the address of its cluster, which a text
written beforehand cannot know. A text without placeholders stays as it is, byte for byte.
Source: ours; for EKS a CUSTOM image gets the caller's user data alone.
"""

from __future__ import annotations

import re

from nodeyard.planner.user_data.join import Join, UserDataError, cluster_dns

_PLACEHOLDER = re.compile(r"\{\{\s*nodeyard\.([A-Za-z0-9_.-]*)\s*\}\}")


class UnknownPlaceholderError(UserDataError):
    """User data names a value that there is none of."""


def render(join: Join, own: str) -> str:
    """Return the text with its placeholders filled in. Raises: UnknownPlaceholderError."""
    found = set(_PLACEHOLDER.findall(own))
    if not found:
        return own
    known = values(join)
    unknown = sorted(found - known.keys())
    if unknown:
        raise UnknownPlaceholderError(
            f"User data names {', '.join('{{nodeyard.' + each + '}}' for each in unknown)}, which stands for "
            f"nothing; there are {', '.join(sorted(known))}."
        )
    return _PLACEHOLDER.sub(lambda match: known[match[1]], own)


def values(join: Join) -> dict[str, str]:
    """Return name -> what it stands for. `server` is the host and port of the Kubernetes API."""
    return {
        "cluster": join.cluster,
        "endpoint": join.endpoint,
        "server": _server(join.endpoint),
        "ca-data": join.ca_data,
        "cluster-dns": cluster_dns(join.service_cidr),
        "service-cidr": join.service_cidr,
        "max-pods": str(join.max_pods),
        "node-labels": join.node_labels,
        "node-taints": join.node_taints,
    }


def _server(endpoint: str) -> str:
    host = endpoint.removeprefix("https://").partition("/")[0]
    return host if re.search(r":\d+$", host) or not host else f"{host}:443"
