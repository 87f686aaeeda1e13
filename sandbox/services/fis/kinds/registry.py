"""Action id → what it does. action_model.ACTIONS has the same ids."""

from collections.abc import Mapping

from sandbox.services.fis.kinds.base import Kind
from sandbox.services.fis.kinds.commands import SendCommand
from sandbox.services.fis.kinds.faults import ApiErrors, CallerCapacity, DisruptConnectivity, GroupCapacity
from sandbox.services.fis.kinds.instances import RebootInstances, StopInstances, TerminateInstances
from sandbox.services.fis.kinds.shifts import StartZonalAutoshift
from sandbox.services.fis.kinds.spot import InterruptSpotInstances
from sandbox.services.fis.kinds.waits import AssertAlarmState, Wait

KINDS: Mapping[str, Kind] = {
    "aws:arc:start-zonal-autoshift": StartZonalAutoshift(),
    "aws:cloudwatch:assert-alarm-state": AssertAlarmState(),
    "aws:ec2:api-insufficient-instance-capacity-error": CallerCapacity(),
    "aws:ec2:asg-insufficient-instance-capacity-error": GroupCapacity(),
    "aws:ec2:reboot-instances": RebootInstances(),
    "aws:ec2:send-spot-instance-interruptions": InterruptSpotInstances(),
    "aws:ec2:stop-instances": StopInstances(),
    "aws:ec2:terminate-instances": TerminateInstances(),
    "aws:fis:inject-api-internal-error": ApiErrors("internal"),
    "aws:fis:inject-api-throttle-error": ApiErrors("throttle"),
    "aws:fis:inject-api-unavailable-error": ApiErrors("unavailable"),
    "aws:fis:wait": Wait(),
    "aws:network:disrupt-connectivity": DisruptConnectivity(),
    "aws:ssm:send-command": SendCommand(),
}
