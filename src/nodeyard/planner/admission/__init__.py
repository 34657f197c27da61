"""Every validation rule of the EKS API, pure: facts in, accepted values or a refusal out."""

from nodeyard.planner.admission.facts import ClusterFacts, CreateFacts, UpdateFacts
from nodeyard.planner.admission.update_config import ConfigAccepted
from nodeyard.planner.admission.update_config import admit as admit_update_config

__all__ = ["ClusterFacts", "ConfigAccepted", "CreateFacts", "UpdateFacts", "admit_update_config"]
