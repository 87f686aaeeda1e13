"""A local AWS sandbox in which capacity, health and failure are real. ARCHITECTURE.md tells where each thing lives."""

__version__ = "0.1.0"
