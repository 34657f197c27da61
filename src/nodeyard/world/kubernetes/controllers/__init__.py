"""The controllers of an embedded cluster: scheduler, workloads, budgets, node lifecycle, kubelets."""

from nodeyard.world.kubernetes.controllers.loop import Controllers

__all__ = ["Controllers"]
