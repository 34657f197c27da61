"""AMI releases: list them, and publish new ones where the embedded AWS is the one to ask."""

from __future__ import annotations

from nodeyard.catalog import Release, Unpublishable
from nodeyard.flows.hands import Hands
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.ports import Changes, Event, Publisher


def listed(
    hands: Hands, region: str, ami_type: str | None, version: str | None
) -> tuple[tuple[Release, bool], ...]:
    """Return releases, oldest first within each type and version, and whether each is its newest."""
    known = hands.catalog
    return tuple(
        (release, release == known.latest_release(release.ami_type, release.kubernetes_version, region))
        for release in known.all_releases(region)
        if ami_type in (None, release.ami_type) and version in (None, release.kubernetes_version)
    )


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
