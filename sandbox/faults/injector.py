"""Turns a FaultRequest into an active fault: checks kind, targets, parameters and duration, makes the effect and gives it to the registry.

Implements InjectFaults (core/ports.py). Every refusal is a UserError with one sentence and the next command, and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.identity import owner
from sandbox.core.ports import FaultRequest
from sandbox.core.text import short_duration
from sandbox.faults import catalogue, targets
from sandbox.faults.context import FaultContext
from sandbox.faults.kind import Injection, Kind, Target, TargetType
from sandbox.faults.model import Fault
from sandbox.faults.parameters import Parameter, Value, Values
from sandbox.faults.record import SOURCE, Record
from sandbox.faults.registry import FaultRegistry
from sandbox.faults.store import SavedFault
from sandbox.faults.zones.cuts import cut_all

NEXT = "sandbox fault kinds"
LONGEST_SUMMARY = 500


class FaultInjector:
    def __init__(self, registry: FaultRegistry, context: Callable[[], FaultContext]) -> None:
        """`context` is called at the first use: the parts of a sandbox are made one after the other."""
        self._registry, self._context = registry, context

    # ---- InjectFaults ------------------------------------------------------------------------------------------------------------------

    def inject(self, request: FaultRequest) -> str:
        return self.begin(request).id

    def clear(self, fault_id: str) -> None:
        if self.is_active(fault_id):
            self._registry.clear(fault_id)

    def is_active(self, fault_id: str) -> bool:
        return self._registry.get(fault_id) is not None

    # ----------------------------------------------------------------------------------------------------------------------------------

    def begin(self, request: FaultRequest) -> Fault:
        """As `inject`. → the fault; one of a momentary kind has ended."""
        if request.token and (known := next((f for f in self._registry.active() if f.token == request.token), None)):
            return known
        account = request.account or owner.account()
        context, kind = self._context_of(account), catalogue.find(request.kind)
        if refused := kind.cannot.get(context.runtime.name):
            raise UserError(f"{kind.name} is not possible in the {context.runtime.name} runtime: {refused}", NEXT)
        if account and kind.of_all_accounts:
            raise UserError(f"{kind.name} cannot be limited to the account {account}: {kind.of_all_accounts}", NEXT)
        values = parsed(kind, request.parameters)
        duration = checked_duration(kind, request.duration)
        found = targets.resolve(kind, request.targets, context.inventory)
        instances = targets.instances_now(kind, found, context.inventory)
        conflicts = _conflicts(kind, found, instances, values, account)
        self._registry.refuse_a_second(kind.name, conflicts)
        now = context.clock.now()
        injection = Injection(
            fault_id=self._registry.next_id(),
            targets=found,
            instances=instances,
            values=values,
            since=now,
            until=now + duration if duration else None,
        )
        record = Record(
            parameters=values.as_json(),
            instances=instances,
            conflicts=conflicts,
            token=request.token,
            account=account,
            saved=True,
            momentary=kind.momentary,
            cause=request.cause,
            hidden=request.hidden,
        )
        summary = _summary(kind, injection, request.summary)
        return self._registry.inject(kind.make(injection, context), summary, duration, record, injection.fault_id)

    def take_up(self) -> None:
        """Continues the faults of an earlier control plane, and undoes those whose time is over. No network stays cut without one."""
        for saved in self._registry.read_saved().faults:
            try:
                self._registry.adopt(self._again(saved), ending=saved.ending or saved.hidden)
            except (UserError, ValueError, KeyError) as error:
                self._cannot_take_up(saved, error)
        context = self._context()
        cut_all(context, context.clock.now())

    def _context_of(self, account: str) -> FaultContext:
        """An effect knows no instance, subnet or group of another account."""
        context = self._context()
        return replace(context, inventory=context.inventory.of(account)) if account else context

    def _again(self, saved: SavedFault) -> Fault:
        context, kind = self._context_of(saved.account), catalogue.find(saved.kind)
        injection = Injection(
            fault_id=saved.id,
            targets=tuple(_known(kind, name, context) for name in saved.targets),
            instances=saved.instances,
            values=parsed(kind, saved.parameters),
            since=saved.since,
            until=saved.until,
        )
        return Fault(
            id=saved.id,
            effect=kind.make(injection, context),
            summary=saved.summary,
            since=saved.since,
            until=saved.until,
            cause=saved.cause,
            parameters=saved.parameters,
            instances=saved.instances,
            conflicts=_conflicts(kind, injection.targets, saved.instances, injection.values, saved.account),
            token=saved.token,
            account=saved.account,
            hidden=saved.hidden,
            saved=True,
        )

    def _cannot_take_up(self, saved: SavedFault, error: Exception) -> None:
        summary = f"{saved.id} ({saved.summary}) of an earlier run could not be continued: {error}"
        event = Event(source=SOURCE, detail_type="Fault Lost", summary=summary, resources=(saved.id, *saved.targets), cause=saved.cause)
        self._context().journal.record(event)


def parsed(kind: Kind, given: Mapping[str, object]) -> Values:
    """The values of all parameters. Raises UserError for a name that the kind does not have, and for a value that is not valid."""
    names = [parameter.name for parameter in kind.parameters]
    for name in given:
        if name not in names:
            known = f"it has {', '.join(names)}" if names else "it has none"
            raise UserError(f"{kind.name} has no parameter {name!r}: {known}.", NEXT)
    return Values({parameter.name: _value(kind, parameter, given.get(parameter.name)) for parameter in kind.parameters})


def _value(kind: Kind, parameter: Parameter, given: object) -> Value:
    if given is None and parameter.required:
        raise UserError(f"{kind.name} needs the parameter {parameter.name} ({parameter.means}).", _example(kind))
    if given is None:
        return parameter.default
    try:
        return parameter.parse(given)
    except ValueError as error:
        raise UserError(f"Invalid {parameter.name} {given!r} of {kind.name}: {error}.", NEXT) from error


def _example(kind: Kind) -> str:
    needed = " ".join(f"--set {each.name}=VALUE" for each in kind.parameters if each.required)
    return f"sandbox fault inject {kind.name} TARGET {needed}"


def checked_duration(kind: Kind, duration: timedelta | None) -> timedelta | None:
    if duration is None:
        return None
    if kind.momentary:
        raise UserError(f"{kind.name} happens at once and is not undone, so it has no duration. Leave it out.", NEXT)
    if not timedelta(0) < duration <= kind.longest:
        raise UserError(f"Invalid duration of {kind.name}: expected one above 0s, at most {short_duration(kind.longest)}.", NEXT)
    return duration


def _conflicts(kind: Kind, found: tuple[Target, ...], instances: tuple[str, ...], values: Values, account: str) -> frozenset[str]:
    """Two faults of a kind conflict if they name the same target or mean the same instance. Those that are announced never do, and one
    account's zone is not another's."""
    if kind.momentary or TargetType.ANY in kind.targets:
        return frozenset()
    shown = values.as_json()
    differs = "".join(f" ({name} {shown[name]})" for name in kind.distinct_by if shown[name] is not None)
    where = f" of {account}" if account else ""
    named = (target.name if target.name in instances else f"{target.name}{where}" for target in found)
    return frozenset(f"{name}{differs}" for name in (*named, *instances))


def _summary(kind: Kind, injection: Injection, given: str | None) -> str:
    if given and given.strip():
        return given.strip()[:LONGEST_SUMMARY]
    shown = [f"{name} {value}" for name, value in injection.values.as_json().items() if value is not None]
    on = f" on {', '.join(injection.names[:5])}" if injection.names else ""
    more = f" and {len(injection.names) - 5} more" if len(injection.names) > 5 else ""
    with_values = f" ({', '.join(shown)})" if shown else ""
    return f"{kind.name}{on}{more}{with_values}"


def _known(kind: Kind, name: str, context: FaultContext) -> Target:
    """The type of a target that was checked when the fault began; it may be gone since."""
    if TargetType.ANY in kind.targets:
        return Target(type=TargetType.ANY, name=name)
    if TargetType.INSTANCE in kind.targets and targets.INSTANCE_ID.fullmatch(name):
        return Target(type=TargetType.INSTANCE, name=name)
    if TargetType.ZONE in kind.targets and context.inventory.zone(name):
        return Target(type=TargetType.ZONE, name=name)
    if TargetType.SUBNET in kind.targets:
        return Target(type=TargetType.SUBNET, name=name)
    return Target(type=TargetType.GROUP if TargetType.GROUP in kind.targets else kind.targets[-1], name=name)
