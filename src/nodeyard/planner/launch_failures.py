"""What failed scaling activities mean in EKS health issues.

Source: EKS User Guide, managed node group error codes; texts as live groups show them.
"""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.model.health import Issue, IssueCode
from nodeyard.ports import Activity

_BY_PHRASE = (
    ("VcpuLimitExceeded", IssueCode.INSTANCE_LIMIT_EXCEEDED),
    ("InstanceLimitExceeded", IssueCode.INSTANCE_LIMIT_EXCEEDED),
    ("InsufficientFreeAddressesInSubnet", IssueCode.INSUFFICIENT_FREE_ADDRESSES),
    ("InvalidAMIID", IssueCode.AMI_ID_NOT_FOUND),
    ("InvalidLaunchTemplate", IssueCode.EC2_LAUNCH_TEMPLATE_NOT_FOUND),
    ("InvalidSubnetID", IssueCode.EC2_SUBNET_NOT_FOUND),
    ("InvalidGroup.NotFound", IssueCode.EC2_SECURITY_GROUP_NOT_FOUND),
    ("InvalidIamInstanceProfile", IssueCode.IAM_INSTANCE_PROFILE_NOT_FOUND),
)


def issues(activities: Sequence[Activity], group: str) -> tuple[Issue, ...]:
    """Return one issue for each kind of launch failure newer than the last success.

    Bounds: activities come newest first; a success ends the search, because what failed
    before it is over.
    """
    found: dict[IssueCode, Issue] = {}
    for activity in activities:
        if activity.status == "Successful":
            break
        if activity.status != "Failed":
            continue
        text = activity.message or activity.description
        code = next(
            (code for phrase, code in _BY_PHRASE if phrase in text),
            IssueCode.ASG_INSTANCE_LAUNCH_FAILURES,
        )
        found.setdefault(code, Issue(code, text, (group,)))
    return tuple(found.values())
