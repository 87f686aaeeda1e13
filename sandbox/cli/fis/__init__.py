"""`sandbox fis`: ready experiment templates of AWS FIS (FIS-40 to FIS-43)."""

from sandbox.cli.fis.command import fis

__all__ = ["fis"]
