"""Prices against ones that anybody can read in Amazon's list, and against the instance types."""

import pytest

from nodeyard import catalog
from nodeyard.catalog.instances import instance_types


@pytest.mark.parametrize(
    ("name", "dollars"),
    [
        ("t2.micro", 0.0116),
        ("t3.nano", 0.0052),
        ("t3.medium", 0.0416),
        ("a1.medium", 0.0255),
        ("m5.large", 0.096),
        ("m5.metal", 4.608),
        ("m7i.metal-24xl", 4.8384),
        ("c5.18xlarge", 3.06),
        ("c5n.18xlarge", 3.888),
        ("r6g.16xlarge", 3.2256),
        ("m6i.metal", 6.144),
        ("g4dn.xlarge", 0.526),
    ],
)
def test_a_price_is_that_of_the_public_list(name: str, dollars: float) -> None:
    assert catalog.price_of(name) == pytest.approx(dollars, abs=0.00005)


def test_every_price_is_of_a_type_of_the_catalog_and_above_nothing() -> None:
    hourly = catalog.price_list().hourly
    assert set(hourly) <= set(instance_types())
    assert min(hourly.values()) > 0
    assert len(hourly) > 500


def test_a_type_without_a_certain_price_has_none() -> None:
    assert catalog.price_of("u-6tb1.metal") is None
    assert catalog.price_of("m99.huge") is None
