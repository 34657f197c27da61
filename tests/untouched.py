"""Whether objects that a cluster's store keeps are changed in place: they are shared and may not be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from nodeyard.world.kubernetes.store import Store


class Untouched:
    """Remembers every object that is put into any store from now on, as it is then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._kept: list[tuple[dict[str, Any], bytes]] = []
        put = Store.put

        def watched(store: Store, resource: str, obj: dict[str, Any]) -> dict[str, Any]:
            kept = put(store, resource, obj)
            self._kept.append((kept, msgspec.json.encode(kept)))
            return kept

        monkeypatch.setattr(Store, "put", watched)

    def check(self) -> int:
        """Compare each with what it was, and with what a client would read; return how many there are."""
        for kept, data in self._kept:
            assert msgspec.json.encode(kept) == data, f"{kept['kind']} was changed in place"
            assert msgspec.json.decode(data) == kept, f"{kept['kind']} is not a JSON document"
        return len(self._kept)
