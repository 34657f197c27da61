"""An EKS update: the record of one change to a node group or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.nodegroup import Configuration
from nodeyard.model.rollout import Rollout
from nodeyard.model.scope import Scope
from nodeyard.model.status import UpdateStatus


@dataclass(frozen=True, slots=True)
class UpdateError:
    error_code: str
    error_message: str
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """One update. `params` are (type, value) pairs; values are text, as in the EKS API.

    `nodegroup` is None for an update of the cluster itself.
    """

    scope: Scope
    cluster: str
    nodegroup: str | None
    id: str
    type: str
    status: UpdateStatus
    created_at: datetime
    params: tuple[tuple[str, str], ...] = ()
    errors: tuple[UpdateError, ...] = ()
    force: bool = False
    rollout: Rollout | None = None
    """The memory of a version update of a node group."""
    configuration: Configuration | None = None
    """What the group becomes by a config update; until then its record says what is."""
    template_version: str | None = None
    """The version of the group's launch template that a config update made, when it made one."""
    previous_template_version: str | None = None
    """The version that new nodes were launched from before it."""
    cancel_requested: bool = False
    finished_at: datetime | None = None
    sequence: int = 0
    revision: int = 0
