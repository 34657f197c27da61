"""Watching an update: what changed from look to look, shown as a live view, lines or JSON."""
