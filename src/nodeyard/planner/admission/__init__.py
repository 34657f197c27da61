"""Every validation rule of the EKS API, pure: facts in, accepted values or a refusal out."""

from nodeyard.planner.admission.clusters import ClusterAccepted
from nodeyard.planner.admission.clusters import admit_create as admit_create_cluster
from nodeyard.planner.admission.clusters import admit_delete as admit_delete_cluster
from nodeyard.planner.admission.connected import (
    DEFAULT_PROVIDER,
    admit_attach,
    admit_deregister,
    admit_register,
    not_ours,
    placed,
    registered,
)
from nodeyard.planner.admission.create_nodegroup import NodegroupAccepted, Refusal
from nodeyard.planner.admission.create_nodegroup import admit as admit_create_nodegroup
from nodeyard.planner.admission.create_nodegroup import refusals as refusals_of_create_nodegroup
from nodeyard.planner.admission.delete_nodegroup import admit as admit_delete_nodegroup
from nodeyard.planner.admission.facts import ClusterFacts, CreateFacts, UpdateFacts, VersionFacts
from nodeyard.planner.admission.roles import is_of as is_role_of
from nodeyard.planner.admission.update_cluster import ClusterUpdateAccepted
from nodeyard.planner.admission.update_cluster import admit_config as admit_update_cluster_config
from nodeyard.planner.admission.update_cluster import admit_version as admit_update_cluster_version
from nodeyard.planner.admission.update_config import ConfigAccepted
from nodeyard.planner.admission.update_config import admit as admit_update_config
from nodeyard.planner.admission.update_version import VersionAccepted
from nodeyard.planner.admission.update_version import admit as admit_update_version

__all__ = [
    "DEFAULT_PROVIDER",
    "ClusterAccepted",
    "ClusterFacts",
    "ClusterUpdateAccepted",
    "ConfigAccepted",
    "CreateFacts",
    "NodegroupAccepted",
    "Refusal",
    "UpdateFacts",
    "VersionAccepted",
    "VersionFacts",
    "admit_attach",
    "admit_create_cluster",
    "admit_create_nodegroup",
    "admit_delete_cluster",
    "admit_delete_nodegroup",
    "admit_deregister",
    "admit_register",
    "admit_update_cluster_config",
    "admit_update_cluster_version",
    "admit_update_config",
    "admit_update_version",
    "is_role_of",
    "not_ours",
    "placed",
    "refusals_of_create_nodegroup",
    "registered",
]
