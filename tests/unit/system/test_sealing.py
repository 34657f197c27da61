"""Secrets at rest: opened by the right key for the right record, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from nodeyard.drivers.system.sealing import Seal, SealError

KEY, OTHER = "a" * 44, "b" * 44


def test_what_is_sealed_opens_again_and_does_not_show_the_secret() -> None:
    seal = Seal([KEY])
    sealed = seal.seal(b"tell nobody", "access key AKIA1")
    assert seal.unseal(sealed, "access key AKIA1") == b"tell nobody"
    assert "tell nobody" not in sealed
    assert sealed != seal.seal(b"tell nobody", "access key AKIA1")


def test_a_sealed_secret_does_not_open_for_another_record_or_when_changed() -> None:
    seal = Seal([KEY])
    sealed = seal.seal(b"tell nobody", "access key AKIA1")
    with pytest.raises(SealError, match="was changed"):
        seal.unseal(sealed, "access key AKIA2")
    with pytest.raises(SealError, match="was changed"):
        seal.unseal(sealed[:-8] + "AAAAAAA=", "access key AKIA1")
    with pytest.raises(SealError, match="not in the key file"):
        Seal([OTHER]).unseal(sealed, "access key AKIA1")


def test_a_new_key_is_put_first_and_the_old_one_still_opens(tmp_path: Path) -> None:
    old = Seal([KEY]).seal(b"tell nobody", "x")
    file = tmp_path / "keys"
    file.write_text(f"{OTHER}\n{KEY}\n")
    both = Seal.of_file(file)
    assert both.unseal(old, "x") == b"tell nobody"
    assert Seal([OTHER]).unseal(both.seal(b"again", "x"), "x") == b"again"


def test_a_key_that_can_be_guessed_or_a_file_that_is_not_there_is_refused_with_the_way_out(
    tmp_path: Path,
) -> None:
    with pytest.raises(SealError, match="can be guessed"):
        Seal(["password"])
    with pytest.raises(SealError, match="openssl rand"):
        Seal.of_file(tmp_path / "none")
    with pytest.raises(SealError, match="no key"):
        Seal([])
