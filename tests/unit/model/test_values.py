"""Changing members of frozen values."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import nodeyard.model
import nodeyard.ports
from nodeyard.model.nodegroup import Scaling
from nodeyard.model.values import replace


def test_a_changed_value_is_the_one_that_dataclasses_would_make() -> None:
    before = Scaling(1, 3, 2)
    assert replace(before, desired=3) == dataclasses.replace(before, desired=3) == Scaling(1, 3, 3)
    assert before == Scaling(1, 3, 2)


def test_a_member_that_a_value_does_not_have_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(Scaling(1, 3, 2), size=3)


def test_a_changed_value_is_frozen_as_the_one_before() -> None:
    changed = replace(Scaling(1, 3, 2), desired=3)
    assert type(changed) is Scaling and hash(changed) == hash(Scaling(1, 3, 3))
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        changed.desired = 2  # type: ignore[misc]


def test_every_value_of_the_model_and_the_ports_has_slots_and_no_work_to_do_when_made() -> None:
    kinds = [
        kind
        for package in (nodeyard.model, nodeyard.ports)
        for found in pkgutil.iter_modules(package.__path__, package.__name__ + ".")
        for _, kind in inspect.getmembers(importlib.import_module(found.name), inspect.isclass)
        if dataclasses.is_dataclass(kind) and kind.__module__ == found.name
    ]
    assert len(kinds) > 50
    assert [kind for kind in kinds if "__slots__" not in vars(kind) or hasattr(kind, "__post_init__")] == []
