"""The metadata server: a process of its own (`python -m sandbox.drivers.metadata.server`). See __main__.py."""
