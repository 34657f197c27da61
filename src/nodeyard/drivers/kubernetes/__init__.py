"""Kubernetes as `ports.Kubernetes` asks for it, over its HTTP API. The only code that speaks to clusters."""

from nodeyard.drivers.kubernetes.client import Client, TokenSource
from nodeyard.drivers.kubernetes.cluster import KubernetesApi

__all__ = ["Client", "KubernetesApi", "TokenSource"]
