"""Kubernetes as `ports.Kubernetes` asks for it, over its HTTP API. The only code that speaks to clusters."""

from nodeyard.drivers.kubernetes.client import Client
from nodeyard.drivers.kubernetes.cluster import KubernetesApi
from nodeyard.drivers.kubernetes.identities import Identity, IdentitySource, TokenSource, by_token

__all__ = ["Client", "Identity", "IdentitySource", "KubernetesApi", "TokenSource", "by_token"]
