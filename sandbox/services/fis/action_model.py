"""The actions that experiments can contain here, and their resource types (FIS-5, FIS-20 to FIS-33). A table; kinds/ has what each does.

ListActions shows this table. ABSENT are AWS's actions that the sandbox does not carry out: a template with one of them is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.services.fis.parameter_model import (
    ANY,
    BOOLEAN,
    JSON_OBJECT,
    OPERATIONS,
    PERCENTAGE,
    ZONE,
    ZONES,
    Shape,
    duration_between,
    list_of,
    one_of,
    some_of,
)

INSTANCE, SPOT_INSTANCE, GROUP, SUBNET = "aws:ec2:instance", "aws:ec2:spot-instance", "aws:ec2:autoscaling-group", "aws:ec2:subnet"
ROLE, MANAGED_RESOURCE = "aws:iam:role", "aws:arc:zonal-shift-managed-resource"
MINUTES = duration_between("PT1M")
SCOPES = ("all", "availability-zone")
ABSENT_SCOPES = ("vpc", "prefix-list", "s3", "s3express", "dynamodb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    description: str
    shape: Shape = ANY
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionType:
    id: str
    description: str
    parameters: Mapping[str, Parameter]
    targets: Mapping[str, str]  # key → resource type; an action needs all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    id: str
    description: str
    parameters: Mapping[str, Parameter]
    by_tags: bool = True
    most_by_tags: int | None = None  # FIS-7; None: no quota is known


DURATION = Parameter(description="The duration of the action (ISO 8601 duration).", shape=MINUTES, required=True)
PERCENT = Parameter(description="The percentage of calls to fail.", shape=PERCENTAGE)
IN_ZONES = Parameter(description="The Availability Zone names or ids, separated by commas.", shape=ZONES, required=True)


def _instances(verb: str, description: str, **parameters: Parameter) -> ActionType:
    return ActionType(id=f"aws:ec2:{verb}-instances", description=description, parameters=parameters, targets={"Instances": INSTANCE})


def _api_error(what: str, description: str) -> ActionType:
    parameters = {
        "duration": DURATION,
        "service": Parameter(description="The target AWS API namespace.", required=True),
        "percentage": Parameter(description="The percentage of calls to inject the error into.", shape=PERCENTAGE, required=True),
        "operations": Parameter(
            description="The operations to inject the error into, separated by commas.", shape=OPERATIONS, required=True
        ),
    }
    return ActionType(id=f"aws:fis:inject-api-{what}-error", description=description, parameters=parameters, targets={"Roles": ROLE})


_ACTIONS = (
    ActionType(  # FIS-30
        id="aws:arc:start-zonal-autoshift",
        description="Shift traffic for supported resources away from an Availability Zone.",
        parameters={
            "duration": DURATION,
            "availabilityZoneIdentifier": Parameter(description="The zone that traffic moves away from.", shape=ZONE, required=True),
            "managedResourceTypes": Parameter(
                description="The resource types to shift, separated by commas.", shape=some_of("ASG", "ALB", "NLB", "EKS"), required=True
            ),
            "zonalAutoshiftStatus": Parameter(
                description="The zonal autoshift status of the resources to shift.", shape=one_of("ENABLED", "DISABLED", "ANY")
            ),
        },
        targets={"ManagedResources": MANAGED_RESOURCE},
    ),
    ActionType(  # FIS-32
        id="aws:cloudwatch:assert-alarm-state",
        description="Verify that the specified alarms are in one of the specified states.",
        parameters={
            "alarmArns": Parameter(
                description="The ARNs of up to five alarms, separated by commas.",
                shape=list_of(r"arn:[^,\s]+:alarm:[^,]+", "ARNs of up to five alarms, separated by commas", most=5),
                required=True,
            ),
            "alarmStates": Parameter(
                description="The alarm states, separated by commas.", shape=some_of("OK", "ALARM", "INSUFFICIENT_DATA"), required=True
            ),
        },
        targets={},
    ),
    ActionType(  # FIS-25
        id="aws:ec2:api-insufficient-instance-capacity-error",
        description="Cause EC2 to return InsufficientInstanceCapacity errors for specific callers.",
        parameters={"duration": DURATION, "availabilityZoneIdentifiers": IN_ZONES, "percentage": PERCENT},
        targets={"Roles": ROLE},
    ),
    ActionType(  # FIS-24
        id="aws:ec2:asg-insufficient-instance-capacity-error",
        description="Cause launches of the specified Auto Scaling groups to fail with InsufficientInstanceCapacity errors.",
        parameters={"duration": DURATION, "availabilityZoneIdentifiers": IN_ZONES, "percentage": PERCENT},
        targets={"AutoScalingGroups": GROUP},
    ),
    _instances("reboot", "Reboot the specified EC2 instances."),  # FIS-22
    ActionType(  # FIS-23
        id="aws:ec2:send-spot-instance-interruptions",
        description="Interrupt the specified Spot Instances: a rebalance recommendation, and the notice two minutes before.",
        parameters={
            "durationBeforeInterruption": Parameter(
                description="The time to wait before interrupting the instances (ISO 8601 duration).",
                shape=duration_between("PT2M", "PT15M"),
                required=True,
            )
        },
        targets={"SpotInstances": SPOT_INSTANCE},
    ),
    _instances(  # FIS-20
        "stop",
        "Stop the specified EC2 instances.",
        startInstancesAfterDuration=Parameter(
            description="The time to wait before restarting the instances (ISO 8601 duration).", shape=MINUTES
        ),
        completeIfInstancesTerminated=Parameter(
            description="Complete the action also if a stopped instance is terminated before it is restarted.", shape=BOOLEAN
        ),
    ),
    _instances("terminate", "Terminate the specified EC2 instances."),  # FIS-21
    _api_error("internal", "Cause an AWS service to return internal error responses for specific callers and operations."),  # FIS-33
    _api_error("throttle", "Cause an AWS service to return throttled responses for specific callers and operations."),
    _api_error("unavailable", "Cause an AWS service to return unavailable error responses for specific callers and operations."),
    ActionType(  # FIS-31
        id="aws:fis:wait",
        description="Wait for the specified duration. Stop condition monitoring will continue during this time.",
        parameters={"duration": DURATION},
        targets={},
    ),
    ActionType(  # FIS-26
        id="aws:network:disrupt-connectivity",
        description="Deny network traffic to and from the specified subnets.",
        parameters={
            "duration": DURATION,
            "scope": Parameter(description=f"The type of traffic to deny: {', '.join(SCOPES)}.", shape=one_of(*SCOPES), required=True),
        },
        targets={"Subnets": SUBNET},
    ),
    ActionType(  # FIS-29
        id="aws:ssm:send-command",
        description="Run a document of Systems Manager on the specified EC2 instances.",
        parameters={
            "documentArn": Parameter(description="The ARN of the document.", required=True),
            "documentVersion": Parameter(description="The version of the document; empty: the default version."),
            "documentParameters": Parameter(description="The parameters of the document (JSON string).", shape=JSON_OBJECT),
            "duration": DURATION,
        },
        targets={"Instances": INSTANCE},
    ),
)
ACTIONS: Mapping[str, ActionType] = {each.id: each for each in _ACTIONS}

ABSENT = frozenset(
    {
        *("aws:directconnect:virtual-interface-disconnect", "aws:dsql:cluster-connection-failure"),
        *("aws:dynamodb:global-table-pause-replication", "aws:ebs:pause-volume-io", "aws:ebs:volume-io-latency"),
        *("aws:ecs:drain-container-instances", "aws:ecs:stop-task"),
        *("aws:ecs:task-cpu-stress", "aws:ecs:task-io-stress", "aws:ecs:task-kill-process", "aws:ecs:task-network-blackhole-port"),
        *("aws:ecs:task-network-latency", "aws:ecs:task-network-packet-loss", "aws:eks:inject-kubernetes-custom-resource"),
        *("aws:eks:pod-cpu-stress", "aws:eks:pod-delete", "aws:eks:pod-io-stress", "aws:eks:pod-memory-stress"),
        *("aws:eks:pod-network-blackhole-port", "aws:eks:pod-network-latency", "aws:eks:pod-network-packet-loss"),
        *("aws:eks:terminate-nodegroup-instances", "aws:elasticache:replicationgroup-interrupt-az-power"),
        "aws:elasticache:interrupt-cluster-az-power",
        *("aws:kinesis:stream-expired-iterator-exception", "aws:kinesis:stream-provisioned-throughput-exception"),
        *("aws:lambda:invocation-add-delay", "aws:lambda:invocation-error", "aws:lambda:invocation-http-integration-response"),
        *("aws:memorydb:multi-region-cluster-pause-replication", "aws:network:disrupt-vpc-endpoint"),
        *("aws:network:route-table-disrupt-cross-region-connectivity", "aws:network:transit-gateway-disrupt-cross-region-connectivity"),
        *("aws:rds:failover-db-cluster", "aws:rds:reboot-db-instances", "aws:s3:bucket-pause-replication"),
        "aws:ssm:start-automation-execution",
    }
)
"""FIS-27, FIS-28: slow volumes are refused, because nothing here would slow any."""

_IN_ZONE = Parameter(description="The name or id of an Availability Zone.", shape=ZONE)
_RESOURCES = (
    ResourceType(id=MANAGED_RESOURCE, description="A resource that is registered with ARC zonal shift.", parameters={}),
    ResourceType(id=GROUP, description="An Amazon EC2 Auto Scaling group.", parameters={}, most_by_tags=500),
    ResourceType(id=INSTANCE, description="An Amazon EC2 instance.", parameters={}),
    ResourceType(id=SPOT_INSTANCE, description="An Amazon EC2 Spot Instance.", parameters={}),
    ResourceType(  # FIS-4
        id=SUBNET,
        description="An Amazon VPC subnet.",
        parameters={"availabilityZoneIdentifier": _IN_ZONE, "vpc": Parameter(description="The id of the VPC.")},
        most_by_tags=100,
    ),
    ResourceType(id=ROLE, description="An IAM role.", parameters={}, by_tags=False),
)
RESOURCE_TYPES: Mapping[str, ResourceType] = {each.id: each for each in _RESOURCES}

MOST_INSTANCES: Mapping[str, int] = {"aws:ec2:stop-instances": 400, "aws:ec2:terminate-instances": 300, "aws:ec2:reboot-instances": 600}
"""FIS-7: of a target by tags."""

DOCUMENTS = (
    *("AWS-RunShellScript", "AWSFIS-Run-CPU-Stress", "AWSFIS-Run-Kill-Process", "AWSFIS-Run-Memory-Stress"),
    *("AWSFIS-Run-Network-Latency", "AWSFIS-Run-Network-Packet-Loss"),
)
"""AWS's documents that Systems Manager has here (FIS-34). The account's own can be named, too."""


def document_name(arn: str) -> str:
    """ "arn:aws:ssm:us-east-1::document/AWSFIS-Run-CPU-Stress" → its name."""
    return arn.rpartition("/")[2]
