"""What callers may ask: accept, describe, list, tag. Called by the HTTP handlers.

Accepting writes the record, the idempotency token and the wake-up in one transaction and
returns; the work itself is done by the flows. Raises RefusedError for the caller's mistakes.
"""
