"""The composition root: the only place that picks drivers and worlds."""

from nodeyard.app.up import run_up

__all__ = ["run_up"]
