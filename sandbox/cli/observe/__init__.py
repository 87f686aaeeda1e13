"""Commands that only read: what exists, what happened, and why."""
