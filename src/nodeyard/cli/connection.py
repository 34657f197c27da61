"""The way to a running service: over HTTP and signed, as everybody else goes.

The endpoint is a flag or a variable; Region and credentials come the usual AWS ways. Loaded by the
commands that talk to a service only, because botocore takes its time.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib import resources
from typing import Any
from urllib.parse import urlencode, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.session

from nodeyard.cli.refusing import CallRefused, Unreachable
from nodeyard.settings import is_loopback

Obj = dict[str, Any]

SILENCE_S = 45.0
"""Three heartbeats of the event stream: after that the line is dead."""
TRIES = 2


class Connection:
    """One service at one endpoint, in one Region. Raises: CallRefused, Unreachable."""

    def __init__(self, endpoint: str, region: str | None) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CallRefused(f"--endpoint {endpoint} is no address: give one such as http://127.0.0.1:8620.")
        self.endpoint = endpoint.rstrip("/")
        self._session = botocore.session.Session()
        self._session.get_component("data_loader").search_paths.append(
            str(resources.files("nodeyard.api").joinpath("models"))
        )
        found = region or self._session.get_config_variable("region")
        if not found:
            raise CallRefused(
                "No Region is set: give --region, or set AWS_DEFAULT_REGION to the Region of your clusters."
            )
        self.region: str = found
        self._credentials = self._found_credentials(is_loopback(parts.hostname))
        self._clients: dict[str, Any] = {}

    def _found_credentials(self, here: bool) -> Any:
        if here:
            # No instance profile belongs to a service on this machine, and asking for one takes seconds.
            self._session.get_component("credential_provider").remove("iam-role")
        try:
            found = self._session.get_credentials()
        except botocore.exceptions.BotoCoreError as error:
            raise CallRefused(f"The AWS credentials cannot be read: {error}.") from error
        # Where no access keys are configured any will do; where some are, the service says so.
        return found or botocore.credentials.Credentials("any", "any")

    def keys(self) -> tuple[str, str, str | None]:
        """Return access key id, secret access key and session token."""
        frozen = self._credentials.get_frozen_credentials()
        return frozen.access_key, frozen.secret_key, frozen.token

    def call(self, operation: str, service: str = "nodeyard", **members: Any) -> Obj:
        """Call an operation, spelled as in Python, and return its answer; None members are left out."""
        given = {name: value for name, value in members.items() if value is not None}
        try:
            answer: Obj = getattr(self._client(service), operation)(**given)
        except botocore.exceptions.ClientError as error:
            raise _refusal(error) from error
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError) as error:
            raise Unreachable(self._nobody()) from error
        except botocore.exceptions.BotoCoreError as error:
            raise CallRefused(f"{error}.") from error
        return answer

    def pages(self, operation: str, key: str, **members: Any) -> Iterator[Obj]:
        """Yield the items of every page of a list."""
        token: str | None = None
        while True:
            answer = self.call(operation, nextToken=token, **members)
            yield from answer[key]
            token = answer.get("nextToken")
            if token is None:
                return

    def events(self, last: int | None, **filters: str | None) -> Iterator[Obj | None]:
        """Yield events as they happen, after a sequence or from now on; None: the line is alive."""
        given = {name: value for name, value in filters.items() if value is not None}
        if last is not None:
            given["after"] = str(last)
        query = f"?{urlencode(given)}" if given else ""
        request = urllib.request.Request(
            f"{self.endpoint}/nodeyard/v1/events{query}", headers=self._signed(query)
        )
        try:
            with urllib.request.urlopen(request, timeout=SILENCE_S) as lines:
                for line in lines:
                    text = line.decode().rstrip("\n")
                    if text.startswith("data: "):
                        yield json.loads(text.removeprefix("data: "))
                    elif text.startswith((":", "retry:")):
                        yield None
        except urllib.error.HTTPError as error:
            raise CallRefused(_said(error)) from error
        except (OSError, ValueError) as error:
            raise Unreachable(self._nobody()) from error
        raise Unreachable(f"The service at {self.endpoint} ended the event stream.")

    def _signed(self, query: str) -> dict[str, str]:
        url = f"{self.endpoint}/nodeyard/v1/events{query}"
        request = botocore.awsrequest.AWSRequest("GET", url)
        botocore.auth.SigV4Auth(self._credentials, "nodeyard", self.region).add_auth(request)
        return dict(request.headers.items())

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            frozen = self._credentials.get_frozen_credentials()
            self._clients[service] = self._session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=frozen.access_key,
                aws_secret_access_key=frozen.secret_key,
                aws_session_token=frozen.token,
                config=botocore.config.Config(
                    connect_timeout=5, read_timeout=30, retries={"total_max_attempts": TRIES}
                ),
            )
        return self._clients[service]

    def _nobody(self) -> str:
        return (
            f"Nobody answers at {self.endpoint}: start the service with `nodeyard up`, "
            "or say where it is with --endpoint."
        )


def _refusal(error: Any) -> CallRefused:
    said = error.response.get("Error", {})
    message = str(said.get("Message") or said.get("Code") or error)
    return CallRefused(message if message.endswith(".") else f"{message}.")


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError):
        return f"The service refuses the event stream with status {error.code}."
