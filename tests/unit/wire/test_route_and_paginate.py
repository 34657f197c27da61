"""Routing of raw paths and pages that stay right while items come and go."""

import pytest

from nodeyard.wire import paginate, route
from nodeyard.wire.decode import Decoder, Malformed, Request
from nodeyard.wire.paginate import BadToken, Page
from nodeyard.wire.route import Router
from tests.strategies import MODEL

ROUTER = Router(MODEL)


def test_an_encoded_arn_stays_one_label() -> None:
    arn = "arn:aws:eks:eu-west-1:111122223333:nodegroup/prod/blue/0b1c"
    path = "/tags/" + arn.replace(":", "%3A").replace("/", "%2F")
    match = ROUTER.match("GET", path)
    assert match is not None
    assert (match.operation.name, match.labels) == ("ListTagsForResource", {"resourceArn": arn})


def test_a_literal_segment_wins_over_a_label() -> None:
    match = ROUTER.match("POST", "/clusters/prod/updates")
    assert match is not None and match.operation.name == "UpdateClusterVersion"


def test_a_path_that_was_asked_before_names_the_same_by_its_own_method_alone() -> None:
    path = "/clusters/prod/node-groups/blue"
    for _ in range(2):
        found, gone = ROUTER.match("GET", path), ROUTER.match("DELETE", path)
        assert found is not None and found.operation.name == "DescribeNodegroup"
        assert gone is not None and gone.operation.name == "DeleteNodegroup"
        assert found.labels == gone.labels == {"name": "prod", "nodegroupName": "blue"}


def test_more_paths_than_are_remembered_are_all_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "PATHS_KEPT", 3)
    router = Router(MODEL)
    for name in ("a", "b", "c", "d", "e" * 300, "a"):
        match = router.match("GET", f"/clusters/{name}")
        assert match is not None and match.labels == {"name": name}


def test_a_request_that_was_decoded_before_is_still_judged_by_its_query_and_body() -> None:
    decoder = Decoder(MODEL)
    match = ROUTER.match("GET", "/clusters/prod/node-groups/blue")
    assert match is not None
    named = {"clusterName": "prod", "nodegroupName": "blue"}
    first = decoder.decode(match, Request("", {}, b""))
    assert first == named
    first["clusterName"] = "what a handler makes of it is its own"
    assert decoder.decode(match, Request("", {}, b"")) == named
    listed = ROUTER.match("GET", "/clusters/prod/node-groups")
    assert listed is not None
    assert decoder.decode(listed, Request("", {}, b"")) == {"clusterName": "prod"}
    assert decoder.decode(listed, Request("maxResults=7", {}, b"")) == {
        "clusterName": "prod",
        "maxResults": 7,
    }
    assert isinstance(decoder.decode(listed, Request("maxResults=0", {}, b"")), Malformed)


def test_an_unknown_path_has_no_operation() -> None:
    assert ROUTER.match("GET", "/nowhere") is None
    assert ROUTER.match("PATCH", "/clusters") is None


def test_pages_cover_every_item_once() -> None:
    items = [f"ng-{n}" for n in range(7)]
    seen: list[str] = []
    token = None
    while True:
        page = paginate.page(items, 3, token)
        assert isinstance(page, Page)
        seen += page.items
        token = page.next_token
        if token is None:
            break
    assert seen == items


def test_an_item_that_goes_between_two_pages_hides_no_other() -> None:
    first = paginate.page(["a", "b", "c", "d"], 2, None)
    assert isinstance(first, Page)
    second = paginate.page(["b", "c", "d"], 2, first.next_token)
    assert isinstance(second, Page) and second.items == ("c", "d")


def test_a_token_of_somebody_else_is_refused() -> None:
    for token in ("x", "djE6eA==", "%%%", "bm9wZQ=="):
        assert isinstance(paginate.page(["a"], 1, token), BadToken)
