"""What instances cost: public On-Demand prices of Linux in one Region, on one date.

They give an idea of what a decision costs, in the console and in rehearsals; they are not a bill. Whoever
shows one says its Region and its date. A type whose price is not known for certain has none.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from nodeyard.catalog.instances import instance_types

_OF_LARGE = {"nano": 1 / 16, "micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1.0, "xlarge": 2.0}


@dataclass(frozen=True, slots=True)
class PriceList:
    """`hourly` is type -> US dollars an hour."""

    region: str
    as_of: date
    hourly: dict[str, float]


@cache
def price_list() -> PriceList:
    """Return every price that is known."""
    document = tomllib.loads(resources.files("nodeyard.catalog").joinpath("prices.toml").read_text())
    large: dict[str, float] = document["large"]
    found = dict(document["types"])
    biggest = _biggest()
    for name in instance_types():
        family, _, size = name.partition(".")
        if family in large:
            times = biggest[family] if size == "metal" else _times_large(size)
            found[name] = round(large[family] * times, 5)
    return PriceList(document["region"], date.fromisoformat(document["as_of"]), found)


def price_of(instance_type: str) -> float | None:
    """Return what an instance of a type costs On-Demand. Units: US dollars an hour; None: not known."""
    return price_list().hourly.get(instance_type)


def _biggest() -> dict[str, float]:
    """Return family -> how many times `large` its biggest virtual size is: `metal` is that whole machine."""
    found: dict[str, float] = {}
    for name in instance_types():
        family, _, size = name.partition(".")
        if not size.startswith("metal"):
            found[family] = max(found.get(family, 0.0), _times_large(size))
    return found


def _times_large(size: str) -> float:
    """Return how many times `large` a size is, such as 8 for 4xlarge and 48 for metal-24xl."""
    named = size.removeprefix("metal-")
    if named in _OF_LARGE:
        return _OF_LARGE[named]
    return 2.0 * int(named.removesuffix("large").removesuffix("xl").removesuffix("x"))
