"""Durable execution: a reconcile table with fenced leases. Knows keys, not what they mean."""
