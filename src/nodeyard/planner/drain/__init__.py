"""Which pods must leave a node before it goes, one rule a file, and why one does not leave.

`judge` asks the rules in order; the first that has an opinion decides. `look` judges a whole
node. `diagnosis` says why a pod is still there. Pure: the caller evicts.
Source: kubectl drain's filters and the EKS User Guide, update behaviour.
"""

from __future__ import annotations

from nodeyard.planner.drain.diagnosis import Facts, Reason, Refusal, explain, foreseen, unexplained
from nodeyard.planner.drain.emptying import Emptying, look
from nodeyard.planner.drain.pace import look_again_s
from nodeyard.planner.drain.rules import RULES, judge
from nodeyard.planner.drain.verdict import Outcome, Verdict

__all__ = [
    "RULES",
    "Emptying",
    "Facts",
    "Outcome",
    "Reason",
    "Refusal",
    "Verdict",
    "explain",
    "foreseen",
    "judge",
    "look",
    "look_again_s",
    "unexplained",
]
