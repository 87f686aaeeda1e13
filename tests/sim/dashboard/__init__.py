"""The live page of a simulated sandbox."""
