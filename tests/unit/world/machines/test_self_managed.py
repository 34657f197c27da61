"""Machines of kubeadm and k3s join as the scripts of our how-tos tell them, not when something lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nodeyard.world.machines.user_data import NotJoining, read

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to"
BLOCK = re.compile(r"^```bash user-data\n(.*?)^```$", re.M | re.S)
FILLED = {
    "server": "10.0.1.10:6443",
    "node-labels": "team=payments,eks.amazonaws.com/nodegroup=blue",
    "max-pods": "29",
    "ca-data": "Zm9v",
}


def script(page: str) -> str:
    (text,) = BLOCK.findall((HOW_TO / page).read_text())
    for name, value in FILLED.items():
        text = text.replace(f"{{{{nodeyard.{name}}}}}", value)
    assert "{{" not in text
    return str(text)


KUBEADM, K3S = script("kubeadm-on-ec2.md"), script("k3s-on-ec2.md")


@pytest.mark.parametrize("told", [KUBEADM, K3S])
def test_the_scripts_of_the_how_tos_lead_into_their_cluster(told: str) -> None:
    found = read(told.encode())
    assert (found.cluster, found.endpoint, found.max_pods) == ("", "https://10.0.1.10:6443", 29)
    assert found.labels == {"team": "payments", "eks.amazonaws.com/nodegroup": "blue"}


def test_taints_are_registered() -> None:
    told = KUBEADM.replace("--max-pods", "--register-with-taints=gpu=yes:NoSchedule --max-pods")
    assert read(told.encode()).taints == (("gpu", "yes", "NoSchedule"),)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            KUBEADM.replace('--token "$token" --discovery', "--discovery"),
            "bootstrapToken or file must be set",
        ),
        (KUBEADM.replace("--discovery-token-ca-cert-hash", "--not"), "without caCertHashes"),
        (KUBEADM.replace("--provider-id=$id", ""), "no --provider-id"),
        (K3S.replace("server: https", "servers: https"), "--server is required"),
        (K3S.replace("token: $(aws", "tokens: $(aws"), "--token is required"),
        (K3S.replace("provider-id=", "id="), "no --provider-id"),
        (KUBEADM.replace("kubeadm join", "echo kubeadm"), "holds no NodeConfig"),
    ],
)
def test_a_machine_that_is_told_too_little_says_what_it_misses(told: str, why: str) -> None:
    assert told not in (KUBEADM, K3S)
    with pytest.raises(NotJoining, match=why):
        read(told.encode())
