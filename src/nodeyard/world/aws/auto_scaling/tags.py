"""Tags of groups."""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling import views
from nodeyard.world.aws.auto_scaling.calls import Call, Parameters, page
from nodeyard.world.aws.auto_scaling.errors import invalid
from nodeyard.world.aws.auto_scaling.records import Tag


def put_tags(call: Call) -> dict[str, Any]:
    for each in call.parameters["Tags"]:
        state = call.state(each.get("ResourceId"))
        state.change(tags={**state.group.tags, each["Key"]: tag(each)})
        call.done(state)
    return {}


def delete_tags(call: Call) -> dict[str, Any]:
    for each in call.parameters["Tags"]:
        state = call.state(each.get("ResourceId"))
        state.change(tags={key: held for key, held in state.group.tags.items() if key != each["Key"]})
        call.done(state)
    return {}


def describe_tags(call: Call) -> dict[str, Any]:
    field = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    found = [each for state in call.groups() for each in views.tags(state.group)]
    for each in call.parameters.get("Filters") or []:
        if each["Name"] == "propagate-at-launch":
            found = [one for one in found if str(one["PropagateAtLaunch"]).lower() in each["Values"]]
        elif each["Name"] in field:
            found = [one for one in found if one[field[each["Name"]]] in each["Values"]]
        else:
            invalid(
                f"Filter {each['Name']} is not supported: use auto-scaling-group, key, value or "
                "propagate-at-launch"
            )
    return page(call, found, "Tags")


def tag(given: Parameters) -> Tag:
    return Tag(given["Key"], given.get("Value") or "", bool(given.get("PropagateAtLaunch")))
