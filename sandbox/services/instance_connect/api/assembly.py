"""EC2 Instance Connect in the API: importing this module declares the service. It keeps nothing."""

from sandbox.services.instance_connect.api import responses

__all__ = ["responses"]
