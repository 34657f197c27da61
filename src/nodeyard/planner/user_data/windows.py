"""Windows: PowerShell, the caller's part first. Source: EKS User Guide, Windows user data."""

from __future__ import annotations

import re

from nodeyard.planner.user_data.join import Join, cluster_dns

_POWERSHELL = re.compile(r"<powershell>(.*?)</powershell>", re.DOTALL | re.IGNORECASE)


def render(join: Join, own: str) -> str:
    """Return one PowerShell block: what the caller sent, then the bootstrap call."""
    inside = "\n".join(part.strip() for part in _POWERSHELL.findall(own)) or own.strip()
    kubelet = f"--node-labels={join.node_labels} --max-pods={join.max_pods}"
    if join.taints:
        kubelet += f" --register-with-taints={join.node_taints}"
    call = [
        '[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"',
        f'& $EKSBootstrapScriptFile -EKSClusterName "{join.cluster}" -APIServerEndpoint "{join.endpoint}" '
        f'-Base64ClusterCA "{join.ca_data}" -DNSClusterIP "{cluster_dns(join.service_cidr)}" '
        f'-KubeletExtraArgs "{kubelet}" 3>&1 4>&1 5>&1 6>&1',
    ]
    return "\n".join(["<powershell>", *([inside] if inside else []), *call, "</powershell>"]) + "\n"
