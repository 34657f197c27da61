"""A refusal: the caller's mistake as a value that maps one to one to an EKS error shape."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is an EKS error shape, such as InvalidParameterException.

    `members` are the shape's other members in wire spelling (clusterName, …).
    """

    code: str
    message: str
    members: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """Carries a Refused out of a flow to the HTTP door."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.code}: {refused.message}")
        self.refused = refused
