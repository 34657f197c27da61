"""Is the Auto Scaling group still the one that Nodeyard made? Source: reference, health issue codes."""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner.health.facts import Facts
from nodeyard.ports import LAUNCH_HOOK, TERMINATE_HOOK

NEEDED_PROCESSES = ("Launch", "Terminate")


def exists(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    group = facts.group
    if facts.found is not None or group.resources.auto_scaling_group is None:
        return ()
    text = (
        f"The Auto Scaling group {group.auto_scaling_group_name} of the node group does not exist any more. "
        "Make one of the same name and settings to recover, or delete the node group and create it again."
    )
    return (Issue(IssueCode.AUTO_SCALING_GROUP_NOT_FOUND, text, (group.auto_scaling_group_name,)),)


def is_configured(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Look for settings that keep nodes from coming or leaving as they should."""
    found = facts.found
    if found is None or facts.group.status is NodegroupStatus.CREATING:
        return ()
    wrong = [f"lifecycle hook {each} is missing" for each in _missing_hooks(found.hooks)]
    suspended = [each for each in NEEDED_PROCESSES if each in found.suspended_processes]
    wrong += [f"process {each} is suspended" for each in suspended]
    if found.subnets and set(found.subnets) != set(facts.group.subnets):
        wrong.append(f"its subnets are {', '.join(found.subnets)}, not {', '.join(facts.group.subnets)}")
    if not wrong:
        return ()
    text = (
        f"The Auto Scaling group {found.name} was changed so that the node group cannot work: "
        f"{'; '.join(wrong)}. Undo the change to recover."
    )
    return (Issue(IssueCode.AUTO_SCALING_GROUP_INVALID_CONFIGURATION, text, (found.name,)),)


def _missing_hooks(hooks: tuple[str, ...]) -> list[str]:
    return [each for each in (LAUNCH_HOOK, TERMINATE_HOOK) if each not in hooks]


def is_not_refreshed(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    if facts.findings is None or not facts.findings.instance_refresh:
        return ()
    name = facts.group.auto_scaling_group_name
    text = (
        f"An instance refresh is active on Auto Scaling group {name} and replaces nodes without a drain. "
        "Cancel it, or wait for its end, before the node group is updated."
    )
    return (Issue(IssueCode.AUTO_SCALING_GROUP_INSTANCE_REFRESH_ACTIVE, text, (name,)),)


def uses_our_template(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Compare the template version in use with those that Nodeyard itself has set."""
    found, ours = facts.found, facts.group.resources.launch_template_id
    if found is None or ours is None or not facts.template_versions:
        return ()
    if found.launch_template_id == ours and found.launch_template_version in facts.template_versions:
        return ()
    made = facts.group.resources.launch_template_version
    text = (
        f"Auto Scaling group {found.name} launches from version {found.launch_template_version} of launch "
        f"template {found.launch_template_id}, which does not match version {made} of {ours} that was "
        "created for the node group. Revert to that version to recover."
    )
    return (Issue(IssueCode.EC2_LAUNCH_TEMPLATE_VERSION_MISMATCH, text, (ours, found.name)),)
