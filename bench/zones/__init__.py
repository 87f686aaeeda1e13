"""Measurements of zones that fail."""
