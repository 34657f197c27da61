"""Ids and chance."""

from __future__ import annotations

import uuid

import pytest

from nodeyard.drivers.system.ids import DRAW_BYTES, RandomIds


def test_no_id_comes_twice_whatever_is_drawn_between() -> None:
    ids = RandomIds()
    drawn = [ids.uuid() if number % 2 else ids.hex(32) for number in range(DRAW_BYTES // 8)]
    assert len(set(drawn)) == len(drawn)


def test_a_uuid_is_of_version_4() -> None:
    assert uuid.UUID(RandomIds().uuid()).version == 4


@pytest.mark.parametrize("digits", [1, 7, 12, 40, 2 * DRAW_BYTES + 1])
def test_hex_has_as_many_digits_as_asked_for(digits: int) -> None:
    assert len(RandomIds().hex(digits)) == digits
    assert int(RandomIds().hex(digits), 16) >= 0


def test_chance_stays_within_its_bounds() -> None:
    ids = RandomIds()
    assert all(0 <= ids.random() < 1 for _ in range(1000))
