"""What kubelets ask of a real API server. `app` gives a driver, because the embedded world may know none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Obj = dict[str, Any]

Told = Callable[[Obj | None, Obj | None], None]
"""Called with an object before and after a change; None where there is none."""


class ApiServer(Protocol):
    """One real API server. Raises: PortError, from every call."""

    @property
    def url(self) -> str: ...

    @property
    def ca_data(self) -> str:
        """Return the CA certificate as kubeconfig files hold it: base64 of PEM; empty for a public one."""
        ...

    async def nodes(self) -> list[Obj]: ...

    def follow(self, resource: str, told: Told) -> Awaitable[None]:
        """Tell of every node, or of every pod that is on a node, and of its changes, until cancelled."""
        ...

    async def register(self, node: Obj) -> Obj:
        """Create a node and return it as it is then. Raises: Conflict, for a name that is taken."""
        ...

    async def report(self, resource: str, obj: Obj) -> Obj:
        """Merge the status of a node or pod into the real one and return that.

        Raises: NotFound; Conflict, when another object has its name by now.
        """
        ...

    async def end(self, resource: str, obj: Obj) -> Obj:
        """Delete a node or pod without grace and return what is left: finalizers may hold it.

        Raises: NotFound; Conflict, when another object has its name by now.
        """
        ...

    async def renew(self, lease: Obj) -> None:
        """Write a lease as it is given."""
        ...

    async def record(self, event: Obj) -> None: ...
