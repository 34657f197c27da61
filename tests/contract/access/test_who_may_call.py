"""Who gets in: forged, replayed, expired, truncated and foreign requests are refused. boto3 signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from nodeyard.api import asgi
from nodeyard.drivers.system import RealClock
from tests.contract.access.conftest import Guarded
from tests.nouns import SCOPE

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    """Return the status, code and message that a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"]["Message"]


def test_a_key_gets_in_and_a_disabled_one_is_out_at_the_next_request(guarded: Guarded) -> None:
    issued = guarded.key(ALL)
    client = guarded.of(issued)
    assert client.list_clusters()["clusters"] == ["prod"]
    guarded.put(issued, active=False)
    assert refusal(client.list_clusters)[:2] == (403, "UnrecognizedClientException")
    guarded.put(issued)
    assert client.list_clusters()["clusters"] == ["prod"]


def test_a_wrong_secret_an_unknown_key_and_a_key_of_another_account_are_refused(guarded: Guarded) -> None:
    issued = guarded.key(ALL)
    wrong = guarded.client(issued.key.id, "another secret of the same length..")
    assert refusal(wrong.list_clusters)[:2] == (403, "InvalidSignatureException")
    nobody = guarded.client("AKIANOBODY", issued.secret)
    foreign = guarded.of(guarded.key(ALL, account="444455556666"))
    disabled = guarded.key(ALL)
    guarded.put(disabled, active=False)
    answers = {refusal(each.list_clusters) for each in (nobody, foreign, guarded.of(disabled))}
    assert answers == {
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    }


def test_an_account_as_access_key_is_nobody_where_keys_are_stored(guarded: Guarded) -> None:
    client = guarded.client(SCOPE.account, "any")
    assert refusal(client.list_clusters)[1] == "UnrecognizedClientException"


def test_a_temporary_key_needs_its_token_and_ends_by_itself(guarded: Guarded) -> None:
    issued = guarded.key(ALL, lasts_s=900)
    assert guarded.of(issued).list_clusters()["clusters"] == ["prod"]
    for token in (None, "another token"):
        without = guarded.client(issued.key.id, issued.secret, token)
        assert refusal(without.list_clusters)[1] == "UnrecognizedClientException"
    guarded.put(issued, expires_at=RealClock().now() - timedelta(seconds=1))
    assert refusal(guarded.of(issued).list_clusters)[:2] == (403, "ExpiredTokenException")


def test_a_long_lived_key_with_a_token_is_refused(guarded: Guarded) -> None:
    issued = guarded.key(ALL)
    client = guarded.client(issued.key.id, issued.secret, "made up")
    assert refusal(client.list_clusters)[1] == "UnrecognizedClientException"


def test_a_secret_that_was_moved_to_another_key_opens_nothing(guarded: Guarded) -> None:
    ann, bob = guarded.key(ALL), guarded.key(ALL, user="bob")
    guarded.put(bob, sealed_secret=ann.key.sealed_secret)
    client = guarded.client(bob.key.id, ann.secret)
    assert refusal(client.list_clusters)[1] == "UnrecognizedClientException"


def test_a_region_that_is_not_served_is_refused(guarded: Guarded) -> None:
    guarded.doorway.app = asgi.build(replace(guarded.door, regions=frozenset({SCOPE.region})))
    client = guarded.of(guarded.key(ALL), region="us-east-1")
    assert "valid region, not 'us-east-1'" in refusal(client.list_clusters)[2]
    assert guarded.of(guarded.key(ALL)).list_clusters()["clusters"] == ["prod"]


def test_what_is_tagged_by_arn_must_be_of_the_callers_account_and_region(guarded: Guarded) -> None:
    client = guarded.of(guarded.key(ALL))
    for arn in (
        f"arn:aws:eks:{SCOPE.region}:444455556666:cluster/prod",
        f"arn:aws:eks:us-east-1:{SCOPE.account}:cluster/prod",
    ):
        status, code, _ = refusal(lambda arn=arn: client.tag_resource(resourceArn=arn, tags={"a": "b"}))  # type: ignore[misc]
        assert (status, code) == (404, "NotFoundException")


class Wire:
    """A signed request as bytes on the wire, to be changed before it is sent."""

    def __init__(self, guarded: Guarded, service: str = "eks", method: str = "POST") -> None:
        self._guarded = guarded
        issued = guarded.key(ALL)
        self.method = method
        self.body = b'{"tags": {"a": "b"}}' if method == "POST" else b""
        self.target = f"/tags/arn%3Aaws%3Aeks%3A{SCOPE.region}%3A{SCOPE.account}%3Acluster%2Fprod"
        request = AWSRequest(
            method, f"http://localhost{self.target}", data=self.body, headers={"host": "localhost"}
        )
        SigV4Auth(Credentials(issued.key.id, issued.secret), service, SCOPE.region).add_auth(request)
        self.headers = {name.lower(): str(value) for name, value in request.headers.items()}

    def send(self) -> tuple[int, str]:
        status, headers, _ = self._guarded.doorway.send(self.method, self.target, self.body, self.headers)
        return status, headers.get("x-amzn-errortype", "")

    def change(self, header: str, old: str, new: str) -> None:
        assert old in self.headers[header]
        self.headers[header] = self.headers[header].replace(old, new, 1)


def test_a_request_that_reads_can_be_sent_again_for_as_long_as_aws_would_take_it_and_not_longer(
    guarded: Guarded,
) -> None:
    wire = Wire(guarded, method="GET")
    assert [wire.send()[0], wire.send()[0]] == [200, 200]

    class Later(RealClock):
        def wall(self) -> Any:
            return super().wall() + timedelta(minutes=5, seconds=5)

    guarded.doorway.app = asgi.build(replace(guarded.door, clock=Later()))
    assert wire.send() == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda wire: setattr(wire, "body", b'{"tags": {"a": "c"}}'), "InvalidSignatureException"),
        (
            lambda wire: setattr(wire, "target", wire.target.replace("prod", "test")),
            "InvalidSignatureException",
        ),
        (lambda wire: wire.change("authorization", SCOPE.region, "us-east-1"), "InvalidSignatureException"),
        (lambda wire: wire.change("authorization", "/eks/", "/nodeyard/"), "InvalidSignatureException"),
        (lambda wire: wire.headers.update({"x-amz-date": "20200101T000000Z"}), "InvalidSignatureException"),
        (lambda wire: wire.headers.update({"x-amz-target": "put in"}), "InvalidSignatureException"),
        (lambda wire: wire.headers.pop("x-amz-date"), "InvalidSignatureException"),
        (
            lambda wire: wire.headers.update({"authorization": wire.headers["authorization"][:-10]}),
            "InvalidSignatureException",
        ),
        (
            lambda wire: wire.headers.update(
                {"authorization": wire.headers["authorization"].partition(", Signature")[0]}
            ),
            "IncompleteSignatureException",
        ),
        (
            lambda wire: wire.headers.update({"authorization": wire.headers["authorization"][:60]}),
            "IncompleteSignatureException",
        ),
        (lambda wire: wire.headers.pop("authorization"), "MissingAuthenticationTokenException"),
    ],
)
def test_a_request_that_was_changed_or_cut_on_the_way_is_refused_and_does_nothing(
    guarded: Guarded, spoil: Callable[[Wire], Any], code: str
) -> None:
    wire = Wire(guarded)
    spoil(wire)
    status, found = wire.send()
    assert found == code and status in (400, 403)
    assert guarded.audit() == ()
    assert guarded.root().describe_cluster(name="prod")["cluster"]["tags"] == {"team": "red"}


def test_a_signature_for_another_service_does_not_open_our_own_operations(guarded: Guarded) -> None:
    issued = guarded.key(ALL)
    request = AWSRequest("GET", "http://localhost/nodeyard/v1/events", headers={"host": "localhost"})
    SigV4Auth(Credentials(issued.key.id, issued.secret), "sts", SCOPE.region).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    status, answer, body = guarded.doorway.send("GET", "/nodeyard/v1/faults", b"", headers)
    assert (status, answer["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    assert b"correct service" in body


def test_the_embedded_services_are_closed_to_whoever_has_no_key(guarded: Guarded) -> None:
    reached: list[str] = []

    async def cloud(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["nodeyard.target"].service)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<ok/>"})

    guarded.doorway.app = asgi.build(replace(guarded.door, other_services=cloud))
    good = Wire(guarded, "ec2")
    assert good.send()[0] == 200
    bad = Wire(guarded, "ec2")
    bad.body = b"Action=TerminateInstances"
    assert bad.send() == (403, "InvalidSignatureException")
    bad.headers.pop("authorization")
    assert bad.send() == (403, "MissingAuthenticationTokenException")
    assert reached == ["ec2"]
