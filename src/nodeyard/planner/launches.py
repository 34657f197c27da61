"""When the launches of instances began, as the scaling activities of their group tell. Pure.

Called by rehearsals, which learn from it how long machines take until their nodes exist: no cluster knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from nodeyard.ports import Activity

_LAUNCHED = re.compile(r"Launching a new EC2 instance: (i-[0-9a-f]+)")


def began(activities: Iterable[Activity]) -> dict[str, datetime]:
    """Return instance -> when the activity that launched it began."""
    found = {}
    for each in activities:
        named = _LAUNCHED.search(each.description)
        if named is not None:
            found[named[1]] = each.start
    return found
