"""botocore is the judge: what it sends we decode, what we encode it parses, for every operation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import parsers, serialize
from botocore.awsrequest import HeadersDict
from botocore.compat import urlencode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodeyard.wire.decode import Decoder, Malformed, Request
from nodeyard.wire.encode import Encoder
from nodeyard.wire.route import Match, Router
from tests.strategies import MODEL, answers_of, params_for

SERVICE = botocore.session.get_session().get_service_model("eks")
SERIALIZER = serialize.create_serializer("rest-json", include_validation=False)
PARSER = parsers.create_parser("rest-json")
ROUTER, DECODER, ENCODER = Router(MODEL), Decoder(MODEL), Encoder(MODEL)

THOROUGH = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def travelling(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Leave out what HTTP cannot carry: an empty list in a query string."""
    name = MODEL.operations[operation].input
    members = MODEL.shapes[name].members if name else {}
    return {k: v for k, v in params.items() if v != [] or members[k].location != "querystring"}


def sent(operation: str, params: dict[str, Any]) -> Any:
    """Return what we decode of the request that botocore makes of these parameters."""
    request = SERIALIZER.serialize_to_request(params, SERVICE.operation_model(operation))
    query = request["query_string"]
    if not isinstance(query, str):
        query = urlencode(query, doseq=True) if isinstance(query, dict) else urlencode(query)
    body = request["body"]
    raw = body if isinstance(body, bytes) else str(body).encode()
    match = ROUTER.match(request["method"], urlsplit(request["url_path"]).path)
    assert match is not None and match.operation.name == operation
    headers = {key.lower(): str(value) for key, value in dict(request["headers"]).items()}
    return DECODER.decode(match, Request(query, headers, raw))


@pytest.mark.parametrize("operation", sorted(MODEL.operations))
@THOROUGH
@given(data=st.data())
def test_what_botocore_sends_is_what_we_decode(operation: str, data: st.DataObject) -> None:
    params = travelling(operation, data.draw(params_for(operation)))
    decoded = sent(operation, params)
    if isinstance(decoded, dict):
        decoded = {name: value for name, value in decoded.items() if name in params}
    assert decoded == params


@pytest.mark.parametrize("operation", sorted(MODEL.operations))
@THOROUGH
@given(data=st.data())
def test_what_we_encode_is_what_botocore_parses(operation: str, data: st.DataObject) -> None:
    answer = data.draw(answers_of(operation))
    response = ENCODER.success(MODEL.operations[operation], answer)
    parsed = PARSER.parse(
        {"status_code": response.status, "headers": dict(response.headers), "body": response.body},
        SERVICE.operation_model(operation).output_shape,
    )
    parsed.pop("ResponseMetadata", None)
    assert parsed == answer


@pytest.mark.parametrize("code", sorted(n for n, s in MODEL.shapes.items() if s.status is not None))
def test_every_error_reaches_botocore_with_its_status_and_members(code: str) -> None:
    response = ENCODER.error(code, "why", {"clusterName": "prod", "unknown": "dropped"})
    received = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": response.body,
    }
    parsed = PARSER.parse(received, SERVICE.operation_model("DescribeNodegroup").output_shape)
    assert response.status == MODEL.shapes[code].status
    assert (parsed["Error"]["Code"], parsed["Error"]["Message"]) == (code, "why")
    modelled = PARSER.parse(received, SERVICE.shape_for(code))
    assert modelled["message"] == "why"
    if "clusterName" in MODEL.shapes[code].members:
        assert modelled["clusterName"] == "prod"
    assert b"unknown" not in response.body


@given(st.binary(max_size=200), st.sampled_from(sorted(MODEL.operations)))
@settings(max_examples=300, deadline=None)
def test_no_body_makes_the_decoder_raise(body: bytes, operation: str) -> None:
    op = MODEL.operations[operation]
    labels = dict.fromkeys(("name", "nodegroupName", "updateId", "resourceArn"), "x")
    decoded = DECODER.decode(Match(op, labels), Request("maxResults=x&a", {}, body))
    assert isinstance(decoded, dict | Malformed)


def test_a_refusal_uses_an_error_that_the_operation_declares() -> None:
    for operation in MODEL.operations.values():
        decoded = DECODER.decode(
            Match(operation, {}),
            Request("maxResults=0", {}, b"[1]"),
        )
        if isinstance(decoded, Malformed) and operation.errors:
            declared = set(operation.errors)
            assert decoded.code in declared or declared.isdisjoint(
                {"InvalidParameterException", "InvalidRequestException", "BadRequestException"}
            )
