"""Protobuf bodies, built here byte by byte."""

from __future__ import annotations

import pytest

from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.protobuf import decode_protobuf


def field(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def body(version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, version) + field(2, kind)) + field(2, raw)


def test_maps_bytes_and_metadata_are_read() -> None:
    metadata = field(1, "s") + field(2, "") + field(11, field(1, "a") + field(2, "b"))
    raw = field(1, metadata) + field(2, field(1, "p") + field(2, b"\x00\x01"))
    assert decode_protobuf(body("v1", "Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "labels": {"a": "b"}},
        "data": {"p": "AAE="},
    }


def test_numbers_texts_and_quantities_take_their_json_form() -> None:
    spec = field(1, field(1, 1) + field(3, "50%")) + field(3, field(1, 0) + field(2, 2))
    budget = decode_protobuf(body("policy/v1", "PodDisruptionBudget", field(2, spec)))
    assert budget["spec"] == {"minAvailable": "50%", "maxUnavailable": 2}
    hard = field(1, field(1, "cpu") + field(2, field(1, "250m")))
    assert decode_protobuf(body("v1", "ResourceQuota", field(2, hard)))["spec"] == {"hard": {"cpu": "250m"}}
    low = decode_protobuf(body("scheduling.k8s.io/v1", "PriorityClass", field(2, -5)))
    assert low["value"] == -5


def test_kinds_without_a_table_are_refused_with_the_way_out() -> None:
    with pytest.raises(ApiError) as error:
        decode_protobuf(body("v1", "Unicorn", b""))
    assert error.value.code == 415 and "application/json" in error.value.message


@pytest.mark.parametrize("data", [b"nothing", b"k8s\x00\x0a\xff", b"k8s\x00\x0f"])
def test_broken_bodies_are_bad_requests(data: bytes) -> None:
    with pytest.raises(ApiError) as error:
        decode_protobuf(data)
    assert error.value.code in (400, 415)
