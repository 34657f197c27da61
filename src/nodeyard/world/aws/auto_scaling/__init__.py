"""Auto Scaling as an engine of our own: groups, hooks, activities, zones, replacement."""

from nodeyard.world.aws.auto_scaling.service import Answer, AutoScaling

__all__ = ["Answer", "AutoScaling"]
