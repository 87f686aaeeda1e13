"""The control surface as one AWS account sees it: its own resources, events, mails and faults, and what concerns the whole sandbox.

/_sandbox and the page use it when a request names an account. Without one they show the sandbox's own account, and the events, mails and
faults of all: that is the view of whoever started it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sandbox.control.account.foreign import without_foreign_names
from sandbox.control.surface import ControlSurface, Faults, LoopLike
from sandbox.core.errors import UserError
from sandbox.core.identity.owner import ACCOUNT_ID, account_of_key
from sandbox.core.ports import FaultRequest
from sandbox.drivers.firewall.policy import Policy
from sandbox.faults.model import Fault

T = TypeVar("T")
NEXT = "sandbox status --account 111122223333"
REFUSED = "A reset removes the resources of all accounts, so it is refused for one. Delete the resources of the account instead."


def checked(account: str) -> str:
    """Raises UserError."""
    if not ACCOUNT_ID.fullmatch(account):
        raise UserError(f"Invalid account={account}: expected 12 digits.", NEXT)
    return account


def view(whole: ControlSurface, account: str, load_balancers: Callable[[], frozenset[str]]) -> ControlSurface:
    """What an account sees, apart from `endpoints` and others that read one account and Region (build.py). `load_balancers`: the keys
    ("app/<name>/<id>") of its load balancers."""
    inventory = whole.inventory.of(account)

    def own(instance_id: str) -> bool:
        return inventory.instance(instance_id) is not None

    def of_instances(read: Callable[[], Mapping[str, T]]) -> Callable[[], Mapping[str, T]]:
        return lambda: _only(read(), {each.instance_id for each in inventory.instances()})

    def console(instance_id: str) -> bytes:
        if not own(instance_id):
            raise KeyError(instance_id)
        return whole.console(instance_id)

    return replace(
        whole,
        settings=replace(whole.settings, account=account),
        learner_dir=whole.learner_dir / "accounts" / account,
        journal=whole.journal.of(account),
        access_log=whole.access_log.only(lambda key: key in load_balancers()),
        rates=whole.rates.only(lambda key: key in load_balancers()),
        loops=lambda: _loops(whole.loops(), account),
        containers=of_instances(whole.containers),
        cpu=of_instances(whole.cpu),
        console=console,
        shell=lambda instance_id: whole.shell(instance_id) if own(instance_id) else None,
        policy=lambda: _policy(whole.policy(), own, load_balancers()),
        faults=FaultsOf(whole.faults, account, own),
        inject=lambda request: whole.inject(_within(request, account)),
        inventory=inventory,
        reset=_refuse,
    )


class FaultsOf:
    """The active faults as an account sees them: its own, and those of the whole sandbox, which it cannot clear."""

    def __init__(self, whole: Faults, account: str, own: Callable[[str], bool]) -> None:
        """`own`: whether an instance is the account's."""
        self._whole, self._account, self._own = whole, account, own

    def active(self) -> tuple[Fault, ...]:
        return tuple(self._shown(each) for each in self._whole.active() if each.account in ("", self._account))

    def clear(self, fault_id: str) -> Fault:
        """Raises UserError."""
        found = next((each for each in self.active() if each.id == fault_id), None)
        if found is None:
            raise UserError(f"There is no active fault {fault_id!r}.", f"sandbox fault list --account {self._account}")
        if found.account != self._account:
            raise UserError(f"{fault_id} is in force in all accounts, so one of them cannot clear it.", f"sandbox fault clear {fault_id}")
        return self._whole.clear(fault_id)

    def clear_all(self) -> tuple[Fault, ...]:
        """The account's own."""
        return tuple(self._whole.clear(each.id) for each in reversed(self.active()) if each.account == self._account)

    def _shown(self, fault: Fault) -> Fault:
        return replace(fault, instances=tuple(each for each in fault.instances if self._own(each)))


def _within(request: FaultRequest, account: str) -> FaultRequest:
    return replace(request, account=account)


def _only(found: Mapping[str, T], names: set[str]) -> Mapping[str, T]:
    return {name: value for name, value in found.items() if name in names}


def _loops(found: Sequence[LoopLike], account: str) -> Sequence[LoopLike]:
    return [each for each in found if account_of_key(each.key) == account]


def _policy(policy: Policy | None, own: Callable[[str], bool], load_balancers: frozenset[str]) -> Policy | None:
    if policy is None:
        return None
    return without_foreign_names(policy, lambda each: each.owner in load_balancers or own(each.owner))


def _refuse() -> Any:
    raise UserError(REFUSED, "sandbox down")
