"""Bearer tokens for clusters that know IAM: what `aws eks get-token` prints, made by signing.

`app` gives `AwsCompute.kubernetes_token` to the Kubernetes driver. No call is made here.
Source: reference of the clients, `get-token`.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
URL_VALID_S = 60
TOKEN_VALID_S = 14 * 60


class Tokens:
    """Signs GetCallerIdentity for a cluster instead of sending it."""

    _calls: Calls
    _clock: Clock

    async def kubernetes_token(self, scope: Scope, cluster_name: str) -> tuple[str, datetime]:
        """Return a bearer token for the cluster and the instant after which to make another."""
        made_at = self._clock.now()
        url = await self._calls.run(
            "get_caller_identity", lambda: _presigned(self._calls, scope, cluster_name)
        )
        return token_of(url), made_at + timedelta(seconds=TOKEN_VALID_S)


def token_of(url: str) -> str:
    """Return the token for a presigned URL: base64url, without padding."""
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _presigned(calls: Calls, scope: Scope, cluster_name: str) -> str:
    from botocore.exceptions import NoCredentialsError
    from botocore.model import ServiceId
    from botocore.signers import RequestSigner

    session = calls.session(scope)
    credentials: Any = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError()
    endpoint = str(calls.client(scope, "sts").meta.endpoint_url).rstrip("/")
    signer = RequestSigner(ServiceId("STS"), scope.region, "sts", "v4", credentials, session.events)
    request = {
        "method": "GET",
        "url": f"{endpoint}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {CLUSTER_HEADER: cluster_name},
        "context": {},
    }
    url: str = signer.generate_presigned_url(
        request, region_name=scope.region, expires_in=URL_VALID_S, operation_name=""
    )
    return url
