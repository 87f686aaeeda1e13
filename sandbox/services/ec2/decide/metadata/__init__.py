"""Which document each instance reads from its metadata service, and when it has to change. Pure."""
