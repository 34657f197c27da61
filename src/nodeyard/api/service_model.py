"""The service models that are served: that of EKS, from the installed botocore package, and our own.

No session is made: the file is read and interpreted, which takes milliseconds.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib import resources

from nodeyard.wire.model import ServiceModel

_PATH = "data/eks/2017-11-01/service-2.json.gz"
_OURS = "models/nodeyard/2026-11-01/service-2.json"


@cache
def eks() -> ServiceModel:
    """Return the EKS service model."""
    packed = resources.files("botocore").joinpath(_PATH).read_bytes()
    return ServiceModel.from_document(json.loads(gzip.decompress(packed)))


def extension_document() -> str:
    """Return our own service model as the text that `aws configure add-model` takes."""
    return resources.files("nodeyard.api").joinpath(_OURS).read_text("utf-8")


@cache
def extension() -> ServiceModel:
    """Return our own service model."""
    return ServiceModel.from_document(json.loads(extension_document()))
