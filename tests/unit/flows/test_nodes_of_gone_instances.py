"""On clusters of others, nodes go whose instance is gone; those that live are left alone, and so is EKS."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from nodeyard.flows.nodegroup import gone
from nodeyard.model.cluster import Connector
from nodeyard.ports import Node
from tests.nouns import NOON, a_cluster, a_nodegroup, an_auto_scaling_group, an_instance


def a_node(name: str, instance: str, *, ready: bool) -> Node:
    provider = f"aws:///eu-west-1a/{instance}" if instance else ""
    return Node(name, f"u-{name}", provider, {}, False, ready, "eu-west-1a", NOON)


NODES = (
    a_node("there", "i-1", ready=False),
    a_node("gone", "i-2", ready=False),
    a_node("elsewhere", "i-3", ready=True),
    a_node("unknown", "", ready=False),
)


class Visited:
    """A visit that writes down which nodes were deleted and what was said."""

    def __init__(self, *, connected: bool) -> None:
        self.cluster = replace(a_cluster(), connector=Connector("a-1", NOON) if connected else None)
        self.group = a_nodegroup()
        self.deleted: list[str] = []
        self.said: list[str] = []
        self.kubernetes = self
        self.work = SimpleNamespace(check=lambda: None)

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        assert selector == {"eks.amazonaws.com/nodegroup": "blue"}
        return NODES

    async def delete_node(self, name: str) -> None:
        self.deleted.append(name)

    def event(self, kind: str, message: str, **subject: str) -> str:
        return f"{kind}: {message}"

    async def save(self, group: Any, *events: str) -> None:
        self.said += events


@pytest.mark.parametrize(("connected", "deleted"), [(True, ["gone"]), (False, [])])
async def test_nodes_whose_instance_is_gone_are_deleted(connected: bool, deleted: list[str]) -> None:
    visit = Visited(connected=connected)
    found = an_auto_scaling_group(an_instance("i-1"))
    await gone.forget(visit, found)  # type: ignore[arg-type]
    assert visit.deleted == deleted
    assert len(visit.said) == len(deleted)
    assert all("i-2 is gone" in each for each in visit.said)
