"""The faster reader of botocore's data files reads what botocore's own does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader, Loader

from nodeyard.app import data_files


@pytest.mark.parametrize("service", ["autoscaling", "ec2", "eks", "iam", "ssm"])
def test_a_model_is_the_same_to_the_order_of_its_members(service: str) -> None:
    (folder,) = {found for path in Loader().search_paths if (found := Path(path) / service).is_dir()}
    files = {str(path).partition(".json")[0] for path in folder.rglob("*.json*")}
    assert len(files) > 2
    for path in files:
        read, wanted = data_files.FastFiles().load_file(path), JSONFileLoader().load_file(path)
        assert json.dumps(read) == json.dumps(wanted)


@pytest.mark.parametrize("ending", [".json", ".json.gz"])
def test_a_file_that_is_not_there_is_none(tmp_path: Path, ending: str) -> None:
    assert data_files.FastFiles().load_file(str(tmp_path / "nothing")) is None
    (tmp_path / f"folder{ending}").mkdir()
    assert data_files.FastFiles().load_file(str(tmp_path / "folder")) is None


def test_loaders_that_are_made_later_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Loader, "FILE_LOADER_CLASS", JSONFileLoader)
    data_files.read_fast()
    assert type(Loader().file_loader) is data_files.FastFiles
