"""Measurements of virtual time: scenarios, many runs of one, and very many instances."""
