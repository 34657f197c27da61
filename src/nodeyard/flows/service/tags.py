"""Tags of clusters and node groups, found by ARN. They take effect at once.

Tag operations answer with BadRequestException and NotFoundException, their own pair
(source: EKS API model).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.limits import TAGS_MAX
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.values import replace
from nodeyard.ports import Changes

_ARN = re.compile(r"arn:(?P<partition>[\w-]+):eks:(?P<region>[\w-]*):(?P<account>\d*):(?P<resource>.+)")


def _refuse(code: str, message: str) -> RefusedError:
    return RefusedError(Refused(code, message))


async def _find(hands: Hands, scope: Scope, arn: str) -> Cluster | Nodegroup:
    parsed = _ARN.fullmatch(arn)
    if parsed is None:
        raise _refuse("BadRequestException", f"{arn!r} is not the ARN of an EKS resource.")
    if (parsed["region"], parsed["account"]) != (scope.region, scope.account):
        raise _refuse("NotFoundException", f"No resource found for ARN: {arn}")
    kind, *names = parsed["resource"].split("/")
    found: Cluster | Nodegroup | None = None
    if kind == "cluster" and len(names) == 1:
        found = await hands.store.cluster(scope, names[0])
    elif kind == "nodegroup" and len(names) == 3:
        found = await hands.store.nodegroup(scope, names[0], names[1])
    if found is None or found.arn != arn:
        raise _refuse("NotFoundException", f"No resource found for ARN: {arn}")
    return found


async def list_for(hands: Hands, scope: Scope, arn: str) -> dict[str, str]:
    return (await _find(hands, scope, arn)).tags


async def add(hands: Hands, scope: Scope, arn: str, tags: Mapping[str, str]) -> None:
    found = await _find(hands, scope, arn)
    reserved = sorted(key for key in tags if key.lower().startswith("aws:"))
    if reserved:
        raise _refuse("BadRequestException", f"Tag keys must not start with aws: {', '.join(reserved)}")
    after = {**found.tags, **tags}
    if len(after) > TAGS_MAX:
        raise _refuse(
            "BadRequestException",
            f"A resource has at most {TAGS_MAX} tags; this call would make {len(after)}.",
        )
    await hands.store.commit(Changes(put=(replace(found, tags=after),)))


async def remove(hands: Hands, scope: Scope, arn: str, keys: Sequence[str]) -> None:
    found = await _find(hands, scope, arn)
    after = {key: value for key, value in found.tags.items() if key not in keys}
    await hands.store.commit(Changes(put=(replace(found, tags=after),)))
