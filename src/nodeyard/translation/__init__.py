"""Documents of AWS and Kubernetes as the values and errors of `ports`. Pure.

The drivers read answers off the wire with it, the embedded world its own records in memory:
one reading for both, so that a flow sees the same facts whoever holds them.
"""
