"""What AWS FIS's own documents do to an instance, as faults (FIS-29, FIS-34). Pure. Raises ApiError.

Nothing runs inside the instance: its process is killed, its CPU or memory is taken, its network made worse from outside.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sandbox.services.ssm import errors
from sandbox.services.ssm.document_model import Document
from sandbox.services.ssm.model import FaultStep

Values = Mapping[str, tuple[str, ...]]

LEAST_CPU = 1  # percent that is left to the instance under full stress


def fault(document: Document, values: Values) -> FaultStep:
    return FAULTS[document.name](document.steps[0].name, values)


def _cpu_stress(name: str, values: Values) -> FaultStep:
    if _text(values, "CPU") != "0":
        raise errors.invalid_parameters("AWSFIS-Run-CPU-Stress stresses all CPUs here. Set CPU to 0.")
    left = max(100 - _number(values, "LoadPercent", most=100), LEAST_CPU)
    return FaultStep(name=name, kind="cpu-heat", parameters={"percent": left}, length=_length(values))


def _memory_stress(name: str, values: Values) -> FaultStep:
    percent = _number(values, "Percent", most=100)
    return FaultStep(name=name, kind="memory-pressure", parameters={"percent": percent}, length=_length(values))


def _kill_process(name: str, values: Values) -> FaultStep:
    if not _text(values, "ProcessName"):
        raise errors.invalid_parameters("AWSFIS-Run-Kill-Process needs the parameter ProcessName.")
    return FaultStep(name=name, kind="process-kill")


def _latency(name: str, values: Values) -> FaultStep:
    delay = _number(values, "DelayMilliseconds", most=60_000)
    return FaultStep(name=name, kind="latency", parameters={"milliseconds": delay}, length=_length(values))


def _packet_loss(name: str, values: Values) -> FaultStep:
    percent = _number(values, "LossPercent", most=100)
    return FaultStep(name=name, kind="packet-loss", parameters={"percent": percent}, length=_length(values))


FAULTS: Mapping[str, Callable[[str, Values], FaultStep]] = {
    "AWSFIS-Run-CPU-Stress": _cpu_stress,
    "AWSFIS-Run-Kill-Process": _kill_process,
    "AWSFIS-Run-Memory-Stress": _memory_stress,
    "AWSFIS-Run-Network-Latency": _latency,
    "AWSFIS-Run-Network-Packet-Loss": _packet_loss,
}


def _text(values: Values, name: str) -> str:
    return values[name][0] if values[name] else ""


def _number(values: Values, name: str, most: int) -> int:
    text = _text(values, name)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise errors.invalid_parameters(f"The document's parameter {name} must be a number from 1 to {most}.")
    return int(text)


def _length(values: Values) -> timedelta:
    return timedelta(seconds=_number(values, "DurationSeconds", most=43_200))
