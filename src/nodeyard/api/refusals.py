"""Answers that no service model declares: what the door itself says no to."""

from __future__ import annotations

import json

from nodeyard.wire.encode import Response


def refusal(status: int, code: str, message: str) -> Response:
    """Return an error in the form that AWS clients read."""
    headers = (("content-type", "application/json"), ("x-amzn-errortype", code))
    return Response(status, headers, json.dumps({"message": message}).encode())


def code_of(response: Response) -> str | None:
    """Return the error code of an answer, None when it is no error."""
    return dict(response.headers).get("x-amzn-errortype")
