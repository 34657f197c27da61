"""A request that changes something acts once, whoever sends it again; AWS clients still retry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionClosedError

from nodeyard.api import asgi
from nodeyard.api.gate import RETRIED_WITHIN, Gate
from nodeyard.drivers.system import RealClock
from nodeyard.ports import Unavailable
from nodeyard.ports.access import BEGUN
from tests.contract.access.conftest import SESSION, Guarded
from tests.contract.access.test_who_may_call import ALL, Wire
from tests.nouns import SCOPE

AT_ONCE = (429, "TooManyRequestsException")
LATER = (403, "InvalidSignatureException")
ARN = f"arn:aws:eks:{SCOPE.region}:{SCOPE.account}:cluster/prod"


def tags(guarded: Guarded) -> dict[str, str]:
    found: dict[str, str] = guarded.root().describe_cluster(name="prod")["cluster"]["tags"]
    return found


def go_on(guarded: Guarded) -> None:
    """Go on when a client's own retry would have come long ago, in another process on the same database."""

    class Later(RealClock):
        def now(self) -> datetime:
            return super().now() + RETRIED_WITHIN

    later = Later()
    gate = Gate(guarded.doorway.store, guarded.doorway.store, later)
    guarded.doorway.app = asgi.build(replace(guarded.door, clock=later, gate=gate))


def test_the_same_request_does_not_act_twice_and_the_audit_log_says_so(guarded: Guarded) -> None:
    wire = Wire(guarded)
    assert wire.send()[0] == 200
    guarded.root().untag_resource(resourceArn=ARN, tagKeys=["a"])
    assert wire.send() == AT_ONCE
    go_on(guarded)
    status, _, body = guarded.doorway.send("POST", wire.target, wire.body, wire.headers)
    assert status == 403 and b"used before" in body and b"nothing was done" in body and b"sign it" in body
    assert wire.send() == LATER
    assert tags(guarded) == {"team": "red"}
    at_once, _, later = guarded.audit()[-3:]
    assert (at_once.action, at_once.outcome) == ("eks:TagResource", "429 TooManyRequestsException")
    assert (later.action, later.outcome) == ("eks:TagResource", "403 InvalidSignatureException")
    assert "used before" in later.message and later.resources == (ARN,)


def test_those_who_do_the_same_in_one_second_are_sent_away_for_different_times(guarded: Guarded) -> None:
    wire = Wire(guarded)
    wire.send()
    answers = [guarded.doorway.send("POST", wire.target, wire.body, wire.headers) for _ in range(20)]
    waits = {int(headers["x-amz-retry-after"]) for _, headers, _ in answers}
    assert min(waits) >= 1000 and max(waits) < 4000 and len({wait // 1000 for wait in waits}) == 3


def test_a_presigned_request_that_changes_something_acts_once(guarded: Guarded) -> None:
    issued = guarded.key(ALL)
    request = AWSRequest("DELETE", f"http://localhost{Wire(guarded).target}", params={"tagKeys": "team"})
    SigV4QueryAuth(Credentials(issued.key.id, issued.secret), "eks", SCOPE.region, expires=3600).add_auth(
        request
    )
    target = request.url.removeprefix("http://localhost")
    headers = {"host": "localhost"}
    assert guarded.doorway.send("DELETE", target, b"", headers)[0] == 200
    assert tags(guarded) == {}
    assert guarded.doorway.send("DELETE", target, b"", headers)[0] == 429
    go_on(guarded)
    assert guarded.doorway.send("DELETE", target, b"", headers)[0] == 403


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize("lost", ["answer", "failure"])
def test_a_retry_of_boto3_acts_though_its_first_try_has_the_signature_of_the_call(
    guarded: Guarded, mode: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call acted, but its answer never came, or came as a 503 of something on the way.

    The second comes in the same second, with the same signature; it is refused, and acts once signed anew.
    """
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    here = RealClock().now()
    signed_at = iter((here, here, here + timedelta(seconds=1)))
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: next(signed_at))
    issued = guarded.key(ALL)
    client = SESSION.client(
        "eks",
        region_name=SCOPE.region,
        endpoint_url="http://localhost",
        aws_access_key_id=issued.key.id,
        aws_secret_access_key=issued.secret,
        config=Config(retries={"mode": mode, "total_max_attempts": 3}),
    )
    sent: list[bytes] = []

    def answer(request: Any, **_: Any) -> Any:
        sent.append(request.headers["Authorization"])
        made = guarded.doorway._answer(request)
        if len(sent) > 1:
            return made
        if lost == "answer":
            raise ConnectionClosedError(endpoint_url=request.url)
        return AWSResponse(request.url, 503, {}, made.raw)

    client.meta.events.register("before-send.eks", answer)
    client.tag_resource(resourceArn=ARN, tags={"a": "b"})
    assert sent[0] == sent[1] != sent[2] and len(sent) == 3
    outcomes = [each.outcome for each in guarded.audit()]
    assert outcomes == [BEGUN, "200", "429 TooManyRequestsException", BEGUN, "200"]
    assert mode == "legacy" or waits[1] >= 1


def test_a_call_whose_signature_cannot_be_written_down_does_nothing(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise Unavailable("the disk is full")

    wire = Wire(guarded)
    with monkeypatch.context() as broken:
        broken.setattr(guarded.doorway.store, "begin_audit", full)
        assert wire.send() == (503, "ServiceUnavailableException")
    assert tags(guarded) == {"team": "red"}
    assert wire.send()[0] == 200


def test_where_nobody_is_verified_nothing_is_remembered(guarded: Guarded) -> None:
    guarded.doorway.app = asgi.build(replace(guarded.door, callers=None))
    wire = Wire(guarded)
    assert [wire.send()[0], wire.send()[0]] == [200, 200]
    assert guarded.audit() == ()
