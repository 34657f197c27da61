"""Which Auto Scaling group a message is about: an event of EventBridge or a notification of a hook. Pure.

Source: EC2 Auto Scaling User Guide, lifecycle hook notifications and events; SNS, message format.
"""

from __future__ import annotations

import json
from typing import Any

Place = tuple[str, str, str]
"""Account, Region and name of an Auto Scaling group."""


def parse(body: str, region: str) -> Place | None:
    """Return the group that a message is about; None for one that names none.

    `region` is that of the queue: a notification of a hook does not tell its own.
    """
    said = _object(body)
    if "Message" in said and "Type" in said:  # came by way of SNS
        said = _object(said["Message"])
    if "detail" in said:
        detail = said["detail"] if isinstance(said["detail"], dict) else {}
        found = said.get("account"), said.get("region"), detail.get("AutoScalingGroupName")
    else:
        found = said.get("AccountId"), region, said.get("AutoScalingGroupName")
    account, where, name = found
    if isinstance(account, str) and isinstance(where, str) and isinstance(name, str):
        return account, where, name
    return None


def _object(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
