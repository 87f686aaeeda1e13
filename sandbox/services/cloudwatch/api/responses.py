"""CloudWatch's operations, one module for each kind. Parameters and results have the shapes of botocore's model in each of its protocols:
query, JSON, and CBOR (aws/protocols/).
"""

from sandbox.aws.seams import swap_response
from sandbox.services.cloudwatch.api.absent import AbsentOperations
from sandbox.services.cloudwatch.api.alarms import AlarmOperations
from sandbox.services.cloudwatch.api.dashboards import DashboardOperations
from sandbox.services.cloudwatch.api.metrics import MetricOperations
from sandbox.services.cloudwatch.api.tags import TagOperations


@swap_response("cloudwatch")
class SandboxCloudWatchResponse(MetricOperations, AlarmOperations, DashboardOperations, TagOperations, AbsentOperations):
    """All operations of CloudWatch."""
