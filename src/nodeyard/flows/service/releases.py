"""AMI releases: list them, and publish new ones where the embedded AWS is the one to ask."""

from __future__ import annotations

import asyncio
import contextlib

from nodeyard.catalog import AMI_TYPES, AmiType, Release, Unpublishable
from nodeyard.flows.hands import Hands
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.ports import Changes, Event, PortError, Publisher, ReleaseSource


async def listed(
    hands: Hands, scope: Scope, ami_type: str | None, version: str | None
) -> tuple[tuple[Release, bool], ...]:
    """Return releases, oldest first within each type and version, and whether each is its newest.

    Where releases come from AWS, those of a type or version that is asked for are looked up first.
    """
    known, region = hands.catalog, scope.region
    if hands.releases is not None and (ami_type or version):
        await _learn(hands, hands.releases, scope, ami_type, version)
    return tuple(
        (release, release == known.latest_release(release.ami_type, release.kubernetes_version, region))
        for release in known.all_releases(region)
        if ami_type in (None, release.ami_type) and version in (None, release.kubernetes_version)
    )


async def _learn(
    hands: Hands, source: ReleaseSource, scope: Scope, ami_type: str | None, version: str | None
) -> None:
    """Look up the newest releases side by side; what AWS does not tell now is not listed."""
    today = hands.clock.now().date()
    versions = (
        [version]
        if version
        else [each.minor for each in hands.catalog.versions() if each.support(today) != "UNSUPPORTED"]
    )
    kinds = [AMI_TYPES[ami_type]] if ami_type in AMI_TYPES else [] if ami_type else list(AMI_TYPES.values())

    async def learn(kind: AmiType, minor: str) -> None:
        with contextlib.suppress(PortError):
            await source.learn(scope, kind.name, minor)

    known = {each.minor for each in hands.catalog.versions()}
    wanted = [
        (kind, minor) for kind in kinds for minor in versions if minor in known and kind.exists_for(minor)
    ]
    await asyncio.gather(*(learn(*each) for each in wanted))


async def publish(
    hands: Hands, publisher: Publisher | None, scope: Scope, wanted: tuple[str, str, str]
) -> Release:
    """Publish (AMI type, Kubernetes version, release version) as the newest of its kind.

    The event belongs to no cluster: a release is there for all of them.
    Raises: RefusedError, Unavailable.
    """
    if publisher is None:
        text = "Releases come from AWS here: only `nodeyard up` has a catalog of its own to publish in."
        raise RefusedError(Refused("InvalidRequestException", text))
    release = hands.catalog.proposed(*wanted)
    if isinstance(release, Unpublishable):
        raise RefusedError(Refused("InvalidParameterException", release.why))
    await publisher.publish(release)
    message = (
        f"release {release.release_version} of {release.ami_type} for {release.kubernetes_version} "
        "was published"
    )
    event = Event(scope, "", None, hands.clock.now(), "ReleasePublished", message)
    await hands.store.commit(Changes(events=(event,)))
    return release
