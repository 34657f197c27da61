"""What `nodeyard keys` and `nodeyard audit` do, straight on the database, also before the service runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from nodeyard.app import attached, callers
from nodeyard.app.callers import Issued
from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.store.errors import StoreError
from nodeyard.drivers.system import RealClock
from nodeyard.drivers.system.sealing import Seal, SealError
from nodeyard.ports import Changes
from nodeyard.ports.access import AccessKey, AuditEntry
from nodeyard.settings import StartRefused


@asynccontextmanager
async def opened(place: Path | str) -> AsyncIterator[SqlStore]:
    """Open the database for one command. Raises: StartRefused."""
    store = SqlStore(place, beside=True)
    try:
        await store.open()
        yield store
    except StoreError as error:
        raise StartRefused(str(error)) from error
    finally:
        await store.close()


def seal_of(path: Path) -> Seal:
    """Read the key file. Raises: StartRefused."""
    try:
        return Seal.of_file(path)
    except SealError as error:
        raise StartRefused(error.message) from error


async def add(
    place: Path | str, seal: Seal, account: str, user: str, *, policies: dict[str, str], lasts_s: int | None
) -> Issued:
    """Make a key for a user and keep it."""
    made = callers.issue(seal, account, user, policies=policies, now=RealClock().now(), lasts_s=lasts_s)
    async with opened(place) as store:
        await store.put_access_key(made.key)
    return made


async def listed(place: Path | str) -> tuple[AccessKey, ...]:
    """Return all keys by id."""
    async with opened(place) as store:
        return await store.access_keys()


async def change(
    place: Path | str, id: str, *, active: bool | None = None, policies: dict[str, str] | None = None
) -> AccessKey:
    """Switch a key on or off, or give it other policies. Raises: StartRefused when there is none."""
    async with opened(place) as store:
        found = await store.access_key(id)
        if found is None:
            raise StartRefused(
                f"There is no access key {id}: `nodeyard keys list` names those that are there."
            )
        changed = replace(
            found,
            active=found.active if active is None else active,
            policies=found.policies if policies is None else policies,
        )
        await store.put_access_key(changed)
        return changed


async def remove(place: Path | str, id: str) -> None:
    """Remove a key. Raises: StartRefused when there is none."""
    async with opened(place) as store:
        if not await store.remove_access_key(id):
            raise StartRefused(
                f"There is no access key {id}: `nodeyard keys list` names those that are there."
            )


async def seal_again(place: Path | str, seal: Seal) -> tuple[int, int]:
    """Seal every secret with the first key of the file; return how many keys and clusters there were."""
    async with opened(place) as store:
        try:
            changed = callers.sealed_again(await store.access_keys(), seal)
            held = await store.all_credentials()
            credentials = tuple(attached.sealed_again(each, seal) for each in held)
        except SealError as error:
            raise StartRefused(error.message) from error
        for key in changed:
            await store.put_access_key(key)
        if credentials:
            await store.commit(Changes(credentials=credentials))
        return len(changed), len(credentials)


async def newest_audit(place: Path | str, last: int) -> tuple[AuditEntry, ...]:
    """Return the newest entries, oldest first."""
    async with opened(place) as store:
        newest = await store.last_audit()
        return await store.audit(after=max(0, newest - last), limit=last)
