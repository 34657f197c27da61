"""Rehearse a version update on a snapshot of a real cluster, before anybody starts it."""
