"""Commands for machines without a network, and of what the sandbox is made."""
