"""rest-json, case by case: expected bytes, with botocore as the judge that they are what AWS sends.

The cases and the service model they are about are data, in `rest_json_cases.json`. `{"$time": …}`,
`{"$blob": …}` and `{"$float": …}` stand for what JSON cannot spell.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from botocore import model as botocore_model
from botocore import parsers, serialize
from botocore.awsrequest import HeadersDict, prepare_request_dict

from nodeyard.wire.decode import Decoder, Malformed, Request
from nodeyard.wire.encode import Encoder
from nodeyard.wire.model import ServiceModel
from nodeyard.wire.route import Router

CASES = json.loads((Path(__file__).parent / "rest_json_cases.json").read_text())
MODEL = ServiceModel.from_document(CASES["model"])
JUDGE = botocore_model.ServiceModel(CASES["model"], "proof")
SERIALIZER = serialize.create_serializer("rest-json", include_validation=False)
PARSER = parsers.create_parser("rest-json")
ROUTER, DECODER, ENCODER = Router(MODEL), Decoder(MODEL), Encoder(MODEL)


def cases(kind: str) -> Any:
    return pytest.mark.parametrize("case", CASES[kind], ids=lambda case: case["id"])


def plain(value: Any) -> Any:
    """Return a value of a case as Python has it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$time" in value:
        return datetime.fromisoformat(value["$time"])
    if "$blob" in value:
        return value["$blob"].encode()
    if "$float" in value:
        return float(value["$float"])
    return {key: plain(each) for key, each in value.items()}


def body_of(case: dict[str, Any]) -> bytes:
    if "raw" in case:
        return str(case["raw"]).encode()
    return b"" if case["body"] is None else json.dumps(case["body"]).encode()


def decoded(method: str, uri: str, headers: dict[str, str], body: bytes) -> tuple[str, Any]:
    path, _, query = uri.partition("?")
    match = ROUTER.match(method, path)
    assert match is not None, f"no operation at {method} {path}"
    lower = {name.lower(): value for name, value in headers.items()}
    return match.operation.name, DECODER.decode(match, Request(query, lower, body))


def method_of(case: dict[str, Any]) -> str:
    return MODEL.operations[case["operation"]].method


@cases("inputs")
def test_botocore_sends_the_bytes_of_the_case(case: dict[str, Any]) -> None:
    request = SERIALIZER.serialize_to_request(plain(case["params"]), JUDGE.operation_model(case["operation"]))
    prepare_request_dict(request, endpoint_url="http://localhost")
    assert request["method"] == method_of(case)
    path, _, query = request["url"].removeprefix("http://localhost").partition("?")
    expected_path, _, expected_query = case["uri"].partition("?")
    assert path == expected_path
    assert parse_qsl(query, keep_blank_values=True) == parse_qsl(expected_query, keep_blank_values=True)
    headers = {name: str(value) for name, value in dict(request["headers"]).items()}
    assert {name: headers[name] for name in case.get("headers", {})} == case.get("headers", {})
    sent = request["body"] if isinstance(request["body"], bytes) else str(request["body"]).encode()
    if "raw" in case:
        assert sent == case["raw"].encode()
    elif case["body"] is not None:
        assert json.loads(sent) == case["body"]
    else:
        assert sent in (b"", b"{}")


@cases("inputs")
def test_the_bytes_of_the_case_are_decoded(case: dict[str, Any]) -> None:
    got = decoded(method_of(case), case["uri"], case.get("headers", {}), body_of(case))
    assert got == (case["operation"], plain(case["params"]))


@cases("lenient")
def test_other_spellings_that_clients_send_are_decoded(case: dict[str, Any]) -> None:
    got = decoded(method_of(case), case["uri"], case.get("headers", {}), body_of(case))
    assert got == (case["operation"], plain(case["params"]))


@cases("refused")
def test_what_breaks_the_model_is_refused_in_the_words_of_aws(case: dict[str, Any]) -> None:
    _, got = decoded("POST", "/strict", {}, body_of(case))
    assert got == Malformed("InvalidParameterException", case["message"])


@cases("outputs")
def test_an_answer_is_encoded_to_the_bytes_of_the_case_and_botocore_reads_it(case: dict[str, Any]) -> None:
    members = plain(case["members"])
    response = ENCODER.success(MODEL.operations[case["operation"]], members)
    assert response.status == case["status"]
    headers = dict(response.headers)
    expected = {"content-type": "application/json", **case.get("headers", {})}
    assert headers == expected
    if "raw" in case:
        assert response.body == case["raw"].encode()
    else:
        assert json.loads(response.body) == case["body"]
    received = {"status_code": response.status, "headers": HeadersDict(headers), "body": response.body}
    parsed = PARSER.parse(received, JUDGE.operation_model(case["operation"]).output_shape)
    parsed.pop("ResponseMetadata", None)
    for name in case.get("unparsed", ()):
        parsed.pop(name, None)
    assert parsed == case.get("parsed", members)


@cases("errors")
def test_an_error_has_its_status_its_type_and_the_members_of_its_shape(case: dict[str, Any]) -> None:
    response = ENCODER.error(case["code"], "why", case["members"])
    assert (response.status, json.loads(response.body)) == (case["status"], case["body"])
    assert dict(response.headers)["x-amzn-errortype"] == case["code"]
    received = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": response.body,
    }
    error = PARSER.parse(received, None)["Error"]
    assert error == {"Code": case["code"], "Message": "why"}


def test_a_long_list_of_violations_is_counted_but_not_told_whole() -> None:
    items = [{"size": 0} for _ in range(1000)]
    _, got = decoded("POST", "/strict", {}, json.dumps({"must": "x", "items": items}).encode())
    assert isinstance(got, Malformed)
    assert got.message.startswith("1000 validation errors detected: Value '0' at 'items.1.member.size'")
    assert len(got.message) < 4000


def test_a_body_that_nests_too_deeply_is_refused_without_an_error_of_ours() -> None:
    deep = b'{"leaf":' + b'{"deeper":' * 5000 + b"{}" + b"}" * 5001
    _, got = decoded("POST", "/body", {}, deep)
    assert isinstance(got, Malformed)


def test_not_a_number_is_answered_as_text() -> None:
    response = ENCODER.success(MODEL.operations["Body"], {"float": float("nan"), "double": float("-inf")})
    assert json.loads(response.body) == {"float": "NaN", "double": "-Infinity"}


def test_too_many_query_parameters_are_refused() -> None:
    query = urlencode([("ts", "x")] * 3000)
    _, got = decoded("GET", f"/query?{query}", {}, b"")
    assert got == Malformed("InvalidParameterException", "The query string has too many parameters")
