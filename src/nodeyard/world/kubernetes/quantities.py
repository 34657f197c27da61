"""Kubernetes quantities: "250m", "64Mi", "2".

Called by validation, defaults and the scheduler. Pure arithmetic, exact.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_FORM = re.compile(r"^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$")

_SUFFIXES: dict[str, Fraction] = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{letter: Fraction(10 ** (3 * power)) for power, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": Fraction(2 ** (10 * power)) for power, letter in enumerate("KMGTPE", 1)},
}


@lru_cache(maxsize=4096)
def quantity(text: str | int | float) -> Fraction:
    """Return the exact value of a quantity.

    Raises: ValueError when the text is not a quantity.
    """
    found = _FORM.match(str(text).strip())
    if found is None:
        raise ValueError(f"{text!r} is not a quantity; use a number with a suffix such as 250m or 64Mi")
    number, suffix = Fraction(found[1].rstrip(".")), found[2] or ""
    if suffix in _SUFFIXES:
        return number * _SUFFIXES[suffix]
    return number * Fraction(10) ** int(suffix[1:])
