"""DeleteNodegroup: refused while an update runs, fine at any other time.

Source: reference, what each state allows.
"""

from __future__ import annotations

from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused
from nodeyard.model.status import NodegroupStatus


def admit(group: Nodegroup) -> Refused | None:
    """Judge the deletion of one group."""
    if group.status is not NodegroupStatus.UPDATING:
        return None
    running = f" {group.active_update}" if group.active_update else ""
    text = f"Nodegroup {group.name} has update{running} in progress: delete it when the update has ended"
    return Refused(
        "ResourceInUseException", text, {"clusterName": group.cluster, "nodegroupName": group.name}
    )
