"""What failed scaling activities mean in EKS health issues.

Source: EKS User Guide, managed node group error codes; texts as live groups show them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nodeyard.model.health import Issue, IssueCode
from nodeyard.ports import Activity

_BY_PHRASE = (
    ("VcpuLimitExceeded", IssueCode.INSTANCE_LIMIT_EXCEEDED, ""),
    ("InstanceLimitExceeded", IssueCode.INSTANCE_LIMIT_EXCEEDED, ""),
    ("InsufficientFreeAddressesInSubnet", IssueCode.INSUFFICIENT_FREE_ADDRESSES, r"subnet-[0-9a-f]+"),
    ("InvalidAMIID", IssueCode.AMI_ID_NOT_FOUND, r"ami-[0-9a-f]+"),
    ("InvalidLaunchTemplate", IssueCode.EC2_LAUNCH_TEMPLATE_NOT_FOUND, r"lt-[0-9a-f]+"),
    ("InvalidSubnetID", IssueCode.EC2_SUBNET_NOT_FOUND, r"subnet-[0-9a-f]+"),
    ("InvalidGroup.NotFound", IssueCode.EC2_SECURITY_GROUP_NOT_FOUND, r"sg-[0-9a-f]+"),
    ("InvalidIamInstanceProfile", IssueCode.IAM_INSTANCE_PROFILE_NOT_FOUND, r"eks-[0-9a-f-]{36}"),
    ("Invalid IAM Instance Profile", IssueCode.IAM_INSTANCE_PROFILE_NOT_FOUND, r"eks-[0-9a-f-]{36}"),
)
"""Phrase -> code, and what its resource ids look like; without one it is the Auto Scaling group."""


def issues(activities: Sequence[Activity], group: str) -> tuple[Issue, ...]:
    """Return one issue for each kind of launch failure newer than the last success.

    Bounds: activities come newest first; a success of a launch ends the search, because what failed
    before it is over.
    """
    found: dict[IssueCode, Issue] = {}
    for activity in activities:
        if activity.status == "Successful" and not activity.description.startswith("Terminating"):
            break
        if activity.status != "Failed":
            continue
        issue = _issue(activity.message or activity.description, group)
        found.setdefault(issue.code, issue)
    return tuple(found.values())


def _issue(text: str, group: str) -> Issue:
    for phrase, code, id in _BY_PHRASE:
        if phrase in text:
            named = tuple(sorted(set(re.findall(id, text)))) if id else ()
            return Issue(code, text, named or (group,))
    return Issue(IssueCode.ASG_INSTANCE_LAUNCH_FAILURES, text, (group,))
