"""Instances in moto's records: found, ended, forgotten. On moto's thread only."""

from __future__ import annotations

from typing import Any


def every(ec2: Any) -> list[Any]:
    return [one for reservation in ec2.reservations.values() for one in reservation.instances]


def end(ec2: Any, one: Any) -> None:
    """Take away what goes with a terminated instance: its volumes and its network interfaces."""
    one.teardown_defaults()
    for nic in list(one.nics.values()):
        nic.subnet.del_subnet_ip(nic.private_ip_address)
        ec2.enis.pop(nic.id, None)
    one._private_ips = set()


def forget(ec2: Any, one: Any) -> None:
    for id, reservation in list(ec2.reservations.items()):
        if one in reservation.instances:
            reservation.instances.remove(one)
            if not reservation.instances:
                del ec2.reservations[id]
            break
    ec2.tags.pop(one.id, None)
