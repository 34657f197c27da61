"""Requests that are questions: who am I, may I. Everyone with a valid token may do everything.

Called by the façade. Pure.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.exchange import Request

Doc = dict[str, Any]


def answered(kind: str, review: Doc, request: Request) -> Doc:
    """Return a review with its answer in the status."""
    user = {"username": request.user, "groups": list(request.groups)}
    status: Doc
    if kind == "SelfSubjectReview":
        status = {"userInfo": user}
    elif kind == "TokenReview":
        status = {"authenticated": True, "user": user}
    elif kind == "SelfSubjectRulesReview":
        every = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        status = {"resourceRules": [every], "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}]}
        status["incomplete"] = False
    else:
        status = {"allowed": True, "reason": "every authenticated user administers this cluster"}
    return {**review, "status": status}
