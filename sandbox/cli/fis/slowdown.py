"""The templates "AZ: Application Slowdown" and "Cross-AZ: Traffic Slowdown" (FIS-43), as far as the sandbox has slow networks.

On AWS, only the flows between some sources are slow. Here a document acts on all traffic of an instance, which is said on stderr.
"""

import json

from sandbox.cli.fis.document import Document, Json, Wanted, action, instances, iso, request

SLOW, LOSSY = "az-application-slowdown", "cross-az-traffic-slowdown"
SLOW_TAG, SLOW_VALUE = "AZApplicationSlowdown", "LatencyForEC2"
LOSSY_TAG, LOSSY_VALUE = "CrossAZTrafficSlowdown", "PacketLossForEC2"
DELAY, LOSS = 200, 15  # milliseconds, percent
CONTAINERS = "the sandbox runs no containers of ECS or EKS and no functions of Lambda"


def slow(wanted: Wanted) -> Document:
    document = _document(wanted, "AWSFIS-Run-Network-Latency", {"DelayMilliseconds": str(DELAY)})
    actions = {"Network-Latency-EC2": document}
    targets = {"EC2-Instances": instances(wanted.zone, SLOW_TAG, SLOW_VALUE)}
    return Document(
        request=request(wanted, f"AZ: Application Slowdown in {wanted.zone}", actions, targets, SLOW),
        tags={f"{SLOW_TAG}={SLOW_VALUE}": "instances whose answers are late"},
        left_out={
            "the sources of the latency": "AWS delays traffic between the targets; here all answers of the targets are late",
            "the parts for ECS, EKS and Lambda": CONTAINERS,
        },
    )


def lossy(wanted: Wanted) -> Document:
    document = _document(wanted, "AWSFIS-Run-Network-Packet-Loss", {"LossPercent": str(LOSS)})
    actions = {"Network-Packet-Loss-EC2": document}
    targets = {"EC2-Instances": instances(wanted.zone, LOSSY_TAG, LOSSY_VALUE)}
    return Document(
        request=request(wanted, f"Cross-AZ: Traffic Slowdown from {wanted.zone}", actions, targets, LOSSY),
        tags={f"{LOSSY_TAG}={LOSSY_VALUE}": "instances that lose packets"},
        left_out={
            "the other zones as destinations": "AWS drops packets to other zones only; here packets to everywhere are dropped",
            "the parts for ECS, EKS and Lambda": CONTAINERS,
        },
    )


def _document(wanted: Wanted, name: str, parameters: dict[str, str]) -> Json:
    given = {**parameters, "DurationSeconds": str(int(wanted.duration.total_seconds()))}
    arn = f"arn:aws:ssm:{wanted.zone[:-1]}::document/{name}"
    asked = {"documentArn": arn, "documentParameters": json.dumps(given, separators=(",", ":")), "duration": iso(wanted.duration)}
    return action("aws:ssm:send-command", {"Instances": "EC2-Instances"}, asked)
