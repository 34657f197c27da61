"""What must hold at every instant of a play, seen by watches of the cluster: no node is cordoned twice, no
budget is broken."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.e2e import yard
from tests.e2e.service import Service


class Watch:
    """Watches nodes and budgets from the start of a play; `broken` says what went wrong until now."""

    def __init__(self, world: Service) -> None:
        cluster = world.client("eks").describe_cluster(name=yard.CLUSTER)["cluster"]
        authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
        self._context = ssl.create_default_context(cadata=authority)
        token = (world.folder / "data" / "kubernetes" / "pki" / "internal.token").read_text()
        self._headers = {"authorization": f"Bearer {token}"}
        place = urlsplit(cluster["endpoint"])
        self._netloc, self._path = place.netloc, place.path
        self._cordoned: dict[str, bool] = {}
        self._cordons: Counter[str] = Counter()
        self._budgets: list[str] = []
        self._connections: list[socket.socket] = []
        for path, seen in (("/api/v1/nodes", self._node), (yard.BUDGETS, self._budget)):
            threading.Thread(target=self._follow, args=(path, seen), daemon=True).start()

    def broken(self) -> list[str]:
        twice = [f"{name} was cordoned {count} times" for name, count in self._cordons.items() if count > 1]
        return twice + self._budgets

    def close(self) -> None:
        for each in self._connections:
            with contextlib.suppress(OSError):  # not `close`, which waits for who reads
                each.shutdown(socket.SHUT_RDWR)

    def _follow(self, path: str, seen: Callable[[str, dict[str, Any]], None]) -> None:
        connection = http.client.HTTPSConnection(self._netloc, context=self._context)
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            connection.request("GET", f"{self._path}{path}?watch=1", headers=self._headers)
            self._connections.append(connection.sock)
            for line in connection.getresponse():
                event = json.loads(line)
                seen(event["type"], event["object"])

    def _node(self, change: str, node: dict[str, Any]) -> None:
        name, cordoned = node["metadata"]["name"], bool(node.get("spec", {}).get("unschedulable"))
        if change == "MODIFIED" and cordoned and not self._cordoned.get(name, False):
            self._cordons[name] += 1
        self._cordoned[name] = cordoned

    def _budget(self, change: str, budget: dict[str, Any]) -> None:
        status = budget.get("status", {})
        healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
        if change == "MODIFIED" and healthy < wanted:
            self._budgets.append(f"{healthy} pods were left where {wanted} must be")
