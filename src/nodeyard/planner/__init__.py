"""Pure decisions: what to accept, what to do next, whom to evict. No input or output."""
