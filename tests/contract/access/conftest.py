"""A door that verifies its callers: stored keys with policies, an audit log, real signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from nodeyard.api import asgi
from nodeyard.api.authentication import RootKeys
from nodeyard.api.gate import Gate
from nodeyard.app import callers
from nodeyard.app.callers import Issued, StoredCallers
from nodeyard.drivers.system import RealClock
from nodeyard.drivers.system.sealing import Seal
from nodeyard.ports.access import AuditEntry
from tests.doorway import MODELS, Doorway
from tests.nouns import SCOPE

SEAL = Seal(["k" * 44])
SESSION = boto3.Session()
SESSION._loader.search_paths.append(str(MODELS))


class Guarded:
    """A `Doorway` behind keys. `clients` are real boto3 clients that sign."""

    def __init__(self, folder: Path) -> None:
        self.doorway = Doorway(folder)
        self.doorway.has_cluster(tags={"team": "red"})
        store, clock = self.doorway.store, RealClock()
        root = RootKeys({"ROOTKEY": "the secret of the root"}, SCOPE.account)
        self.door = replace(
            self.doorway.door,
            clock=clock,
            callers=StoredCallers(root, store, SEAL, SCOPE.account),
            gate=Gate(store, store, clock),
        )
        self.doorway.app = asgi.build(self.door)

    def key(
        self,
        *statements: dict[str, Any],
        user: str = "ann",
        account: str = SCOPE.account,
        lasts_s: int | None = None,
    ) -> Issued:
        """Make a key with one policy of these statements; without any it has no policy."""
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        made = callers.issue(
            SEAL,
            account,
            user,
            policies={"policy": text} if statements else {},
            now=RealClock().now(),
            lasts_s=lasts_s,
        )
        self.put(made)
        return made

    def put(self, issued: Issued, **changes: Any) -> None:
        self.doorway.run(self.doorway.store.put_access_key(replace(issued.key, **changes)))

    def client(
        self, id: str, secret: str, token: str | None = None, region: str = SCOPE.region, name: str = "eks"
    ) -> Any:
        made = SESSION.client(
            name,
            region_name=region,
            endpoint_url="http://localhost",
            aws_access_key_id=id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )
        made.meta.events.register(f"before-send.{name}", self.doorway._answer)
        return made

    def of(self, issued: Issued, **options: Any) -> Any:
        return self.client(issued.key.id, issued.secret, issued.token, **options)

    def root(self, **options: Any) -> Any:
        return self.client("ROOTKEY", "the secret of the root", **options)

    def audit(self) -> tuple[AuditEntry, ...]:
        found: tuple[AuditEntry, ...] = self.doorway.run(self.doorway.store.audit())
        return found


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(tmp_path)
    yield made
    made.doorway.close()
