"""AMI releases of EKS, Bottlerocket and Windows as AWS has them in a Region: `ports.ReleaseSource`.

The newest comes from the public parameters of Systems Manager, any other by the name of its image, of
images that Amazon owns alone. Source: EKS User Guide, retrieve recommended AMI IDs, Linux, Bottlerocket,
Windows; AMI version strings.
"""

from __future__ import annotations

import json

from nodeyard.catalog import AMI_TYPES, AmiType, Learned, Release, learned
from nodeyard.catalog.releases import image_name
from nodeyard.drivers.aws.calls import Calls, member
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, NotFound, Unavailable

FRESH_S = 900.0
"""Seconds for which what AWS said of the newest release is good enough: a new one comes every week or so."""
AMAZON = "amazon"
"""Whoever else calls an image by the name of a release is not believed."""


class AwsReleases:
    """Looks releases up when they are needed, and keeps them in `known`."""

    def __init__(self, calls: Calls, clock: Clock, known: Learned) -> None:
        self._calls = calls
        self._clock = clock
        self._known = known
        self._looked: dict[tuple[str, str, str], float] = {}

    async def learn(
        self, scope: Scope, ami_type: str, version: str, release_version: str | None = None
    ) -> None:
        """See `ports.ReleaseSource`. Raises: PortError."""
        kind = AMI_TYPES.get(ami_type)
        if kind is None or kind.parameter(version) is None:
            return
        await self._newest(scope, kind, version)
        found = {each.release_version for each in self._known.of(ami_type, version, scope.region)}
        if release_version is not None and release_version not in found:
            await self._named(scope, kind, version, release_version)

    async def _newest(self, scope: Scope, kind: AmiType, version: str) -> None:
        place, now = (scope.region, kind.name, version), self._clock.steady()
        if place in self._looked and now - self._looked[place] < FRESH_S:
            return
        found = await self._recommended(scope, kind, version)
        if found is not None:
            self._known.add(_release(scope, kind, version, *found), scope.region, newest=True)
        self._looked[place] = now

    async def _recommended(self, scope: Scope, kind: AmiType, version: str) -> tuple[str, str] | None:
        """Return (release version, image id); None where AWS has no image of the type for the version."""
        path = str(kind.parameter(version))
        if kind.family in ("AL2", "AL2023"):
            text = await self._parameter(scope, path)
            if text is None:
                return None
            try:
                told = json.loads(text)
                return str(told["release_version"]), str(told["image_id"])
            except (ValueError, KeyError, TypeError) as error:
                raise Unavailable(f"Parameter {path} tells of no image: {error!r}.") from error
        image = await self._parameter(scope, f"{path}/image_id")
        if image is None:
            return None
        # The name of the image ends with the release, for Bottlerocket after a v.
        name = await self._name_of(scope, image)
        mark = "EKS_Optimized-" if kind.family == "WINDOWS" else f"-{kind.architecture}-v"
        release = name.partition(mark)[2]
        if not release:
            raise Unavailable(f"Image {image} of {path} is called {name}, which tells no release.")
        return release, image

    async def _parameter(self, scope: Scope, name: str) -> str | None:
        try:
            found = await self._calls.call(scope, "ssm", "get_parameter", Name=name)
        except NotFound:
            return None
        return str(member(found, "Parameter", "GetParameter")["Value"])

    async def _name_of(self, scope: Scope, image: str) -> str:
        wanted = [{"Name": "image-id", "Values": [image]}]
        found = await self._calls.pages(scope, "ec2", "describe_images", "Images", Filters=wanted)
        if not found:
            raise Unavailable(f"Image {image} is recommended in {scope.region} but not there yet.")
        return str(found[0].get("Name") or "")

    async def _named(self, scope: Scope, kind: AmiType, version: str, release_version: str) -> None:
        name = image_name(kind, version, release_version)
        wanted = [{"Name": "name", "Values": [name]}]
        found = await self._calls.pages(
            scope, "ec2", "describe_images", "Images", Filters=wanted, Owners=[AMAZON]
        )
        # A Linux image is called by its date alone: the version before it must be one of this minor.
        if found and _is_of(kind, version, release_version):
            image = str(found[0]["ImageId"])
            made = _release(scope, kind, version, release_version, image)
            self._known.add(made, scope.region, newest=False)


def _is_of(kind: AmiType, version: str, release_version: str) -> bool:
    return kind.family == "BOTTLEROCKET" or release_version.startswith((f"{version}.", f"{version}-"))


def _release(scope: Scope, kind: AmiType, version: str, release_version: str, image: str) -> Release:
    return learned(kind, version, release_version, scope.region, image)
