"""Insights of a cluster as the EKS API shows them: findings of rehearsals. Frozen values.

Source: EKS API reference, Insight, InsightResourceDetail, DescribeInsightsRefresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

CATEGORY = "UPGRADE_READINESS"


class InsightStatus(StrEnum):
    """How grave a finding is."""

    PASSING = "PASSING"
    WARNING = "WARNING"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"


class RefreshStatus(StrEnum):
    """How a refresh goes."""

    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"
    COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True)
class InsightResource:
    """One object that an insight is about: a Kubernetes object by its URI, or an AWS one by its ARN."""

    status: InsightStatus
    reason: str
    uri: str | None = None
    arn: str | None = None


@dataclass(frozen=True, slots=True)
class Insight:
    """One check of one node group. `changed_at` is when its status was last another one."""

    id: str
    name: str
    nodegroup: str
    version: str
    status: InsightStatus
    reason: str
    description: str
    recommendation: str
    refreshed_at: datetime
    changed_at: datetime
    resources: tuple[InsightResource, ...] = ()


@dataclass(frozen=True, slots=True)
class Insights:
    """The insights of a cluster and their latest refresh."""

    status: RefreshStatus
    message: str
    started_at: datetime
    ended_at: datetime | None = None
    found: tuple[Insight, ...] = ()
