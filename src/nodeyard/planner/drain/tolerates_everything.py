"""Pods that tolerate every taint: their controller may put them right back on the node.

Source: EKS User Guide, update behaviour: a cause of PodEvictionFailure.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if not any(_everything(each) for each in pod.tolerations):
        return None
    return Verdict(
        Outcome.EVICT,
        "ToleratesEverything",
        f"pod {named(pod)} tolerates every taint, so its {pod.owner_kind or 'owner'} may start it on "
        f"{node.name} again",
        warning=True,
    )


def _everything(toleration: dict[str, str]) -> bool:
    blanket = toleration.get("operator") == "Exists" and not toleration.get("key")
    return blanket and toleration.get("effect") in (None, "", "NoSchedule")
