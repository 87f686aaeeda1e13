"""ARNs of things whose services do not return them."""

from sandbox.services.cloudformation.resources.base import CALLER, Call


def arn(call: Call, service: str, resource: str) -> str:
    """arn:aws:sns:us-east-1:123456789012:orders, in the partition of the Region."""
    partition = call.clients.client(service, call.scope, CALLER).meta.partition
    return f"arn:{partition}:{service}:{call.scope.region}:{call.scope.account}:{resource}"
