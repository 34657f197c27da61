"""Which page an address stands for, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import copied
from tests.browser.console import ROOT

ROUTE = ROOT / "web" / "src" / "app" / "route.ts"
PROGRAM = """
import { readFileSync } from "node:fs";
const { parsed } = await import(process.argv[1]);
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(parsed)));
"""


@pytest.mark.parametrize("hash", ["#/clusters/%E0", "#/%", "#/clusters/prod/nodegroups/%zz/edit"])
def test_an_address_that_is_not_written_as_addresses_are_leads_nowhere(hash: str, tmp_path: Path) -> None:
    found = copied.answered(ROUTE, PROGRAM, [hash, "#/clusters/caf%C3%A9"], tmp_path)
    assert found == [{"page": "nowhere"}, {"page": "cluster", "cluster": "café"}]
