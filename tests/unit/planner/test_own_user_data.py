"""Placeholders in user data for images of the caller's own."""

from __future__ import annotations

import pytest

from nodeyard.planner import user_data
from nodeyard.planner.user_data import Join, UserDataError

JOIN = Join(
    cluster="prod",
    endpoint="https://10.0.0.5:6443",
    ca_data="Q0E=",
    service_cidr="10.96.0.0/12",
    max_pods=110,
    labels={"b": "2", "a": "1"},
    taints=("gpu=yes:NoSchedule",),
)


def test_k3s_joins_with_what_the_group_says() -> None:
    own = (
        "#!/bin/sh\nK3S_URL=https://{{nodeyard.server}} k3s agent --node-label {{ nodeyard.node-labels }} "
        "--node-taint {{nodeyard.node-taints}} --kubelet-arg max-pods={{nodeyard.max-pods}}"
    )
    assert user_data.render("CUSTOM", JOIN, own) == (
        "#!/bin/sh\nK3S_URL=https://10.0.0.5:6443 k3s agent --node-label a=1,b=2 "
        "--node-taint gpu=yes:NoSchedule --kubelet-arg max-pods=110"
    )


@pytest.mark.parametrize("own", ["", "#!/bin/sh\necho {{other.thing}} {nodeyard.cluster}\n", "\x00\xff"])
def test_a_text_without_placeholders_stays_as_it_is(own: str) -> None:
    assert user_data.render("CUSTOM", JOIN, own) == own


@pytest.mark.parametrize(
    ("endpoint", "server"),
    [
        ("https://abc.eks.amazonaws.com", "abc.eks.amazonaws.com:443"),
        ("https://[fd00::1]:6443/", "[fd00::1]:6443"),
    ],
)
def test_a_server_always_has_a_port(endpoint: str, server: str) -> None:
    join = Join("prod", endpoint, "Q0E=", "10.96.0.0/12", 10, {}, ())
    assert user_data.render("CUSTOM", join, "{{nodeyard.server}}") == server


def test_a_placeholder_that_stands_for_nothing_is_refused_by_name() -> None:
    with pytest.raises(UserDataError, match=r"nodeyard\.token.*there are ca-data, cluster"):
        user_data.render("CUSTOM", JOIN, "kubeadm join --token {{nodeyard.token}}")
