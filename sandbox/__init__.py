"""A local AWS sandbox in which capacity, health and failure are real. ARCHITECTURE.md shows where each thing is."""

__version__ = "0.1.0"
