"""The how-tos for clusters of others: their user data is a shell script that a group can fill in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from nodeyard.planner import user_data
from tests.unit.planner.test_own_user_data import JOIN

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
BLOCK = re.compile(r"^```bash user-data\n(.*?)^```$", re.M | re.S)
PAGES = ("kubeadm-on-ec2.md", "k3s-on-ec2.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_user_data_of_a_how_to_is_a_script_with_everything_filled_in(page: str) -> None:
    (block,) = BLOCK.findall((HOW_TO / page).read_text())
    filled = user_data.render("CUSTOM", JOIN, block)
    assert "{{" not in filled and "10.0.0.5:6443" in filled and "a=1,b=2" in filled
    # Nodes are found by their provider id, which nobody else gives them on such clusters.
    assert (
        "provider-id=" in filled
        and "aws:///$(imds placement/availability-zone)/$(imds instance-id)" in filled
    )
    checked = subprocess.run(["bash", "-n"], input=filled, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
