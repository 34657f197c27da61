"""Every part of a data directory looked through before any of them is opened or changed.

Called by the composition root first of all, so that a start that is refused leaves all as it was.
"""

from __future__ import annotations

from pathlib import Path

from nodeyard.world import files
from nodeyard.world.aws import moto_host
from nodeyard.world.aws.auto_scaling import persistence
from nodeyard.world.kubernetes import certificates, cluster_list
from nodeyard.world.kubernetes.persistence import FORMAT, OBJECTS, WHAT


def inspect(data_dir: Path) -> None:
    """Raise WorldDataError for the first part that cannot be used."""
    aws, kubernetes = data_dir / "aws", data_dir / "kubernetes"
    if (aws / moto_host.FILE).exists():
        files.check(aws / moto_host.FILE, moto_host.WHAT, moto_host.FORMAT)
    if (aws / "autoscaling.sqlite").exists():
        files.check(aws / "autoscaling.sqlite", persistence.WHAT, persistence.FORMAT)
    certificates.check(kubernetes / "pki")
    for account, region, name, _ in cluster_list.read(kubernetes / cluster_list.NAME):
        path = kubernetes / "clusters" / account / region / name / OBJECTS
        if not path.exists():
            raise files.unusable(path, WHAT, "the file is missing")
        files.check(path, WHAT, FORMAT)
