"""Measurements of the live page."""
