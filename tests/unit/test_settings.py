"""What `nodeyard up` is asked to do, checked before anything is touched."""

from __future__ import annotations

import pytest

from nodeyard.model.limits import Quotas
from nodeyard.settings import StartRefused, parse_quotas


def test_quotas_that_nobody_names_keep_the_defaults_of_eks() -> None:
    assert parse_quotas([]) == Quotas()
    assert parse_quotas(["nodes-per-nodegroup=1000"]) == Quotas(nodes_per_nodegroup=1000)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["nodes=3"], "there is no quota 'nodes'; choose clusters-per-region"),
        (["nodes-per-nodegroup"], "'' is not a number"),
        (["nodes-per-nodegroup=0"], "choose 1 to"),
        (["nodes-per-nodegroup=-5"], "'-5' is not a number"),
        (["nodes-per-nodegroup=5", "nodes-per-nodegroup=6"], "given twice"),
    ],
)
def test_a_quota_that_cannot_be_is_refused_in_one_sentence(entries: list[str], said: str) -> None:
    with pytest.raises(StartRefused) as refused:
        parse_quotas(entries)
    assert said in refused.value.message
