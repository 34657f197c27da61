"""The EKS service model, read as data from the installed botocore package.

No session is made: the file is read and interpreted, which takes milliseconds.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib import resources

from nodeyard.wire.model import ServiceModel

_PATH = "data/eks/2017-11-01/service-2.json.gz"


@cache
def eks() -> ServiceModel:
    """Return the EKS service model."""
    packed = resources.files("botocore").joinpath(_PATH).read_bytes()
    return ServiceModel.from_document(json.loads(gzip.decompress(packed)))
