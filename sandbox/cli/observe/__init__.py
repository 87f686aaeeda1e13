"""Commands that only read: what there is, what happened, and why."""
