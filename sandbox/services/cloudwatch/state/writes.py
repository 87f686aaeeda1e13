"""What only AWS writes: the state of alarms, the results of their actions, metrics of AWS/… namespaces (PutMetricData refuses those)."""

from collections.abc import Iterable

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.metrics import MetricDatum
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.model import ActionsSuppression, StateChange
from sandbox.services.cloudwatch.state import history
from sandbox.services.cloudwatch.state.backends import Backend, backend_of
from sandbox.services.cloudwatch.state.history import AlarmActionResult
from sandbox.services.cloudwatch.state.records import AlarmRecord


def publish_metrics(data: Iterable[MetricDatum]) -> None:
    """Adds what a service measured to its metrics (core.metrics.PublishMetrics)."""
    now = int(context().clock.now().timestamp())
    stores: dict[Scope, MetricStore] = {}
    for datum in data:
        if datum.scope not in stores:
            stores[datum.scope] = backend_of(datum.scope).sandbox_metrics
        stores[datum.scope].put(datum)
    for store in stores.values():
        store.trim(now)


def update_state(backend: Backend, record: AlarmRecord, change: StateChange) -> None:
    """Of an evaluation or of SetAlarmState. A change of the state's value is an item of the history."""
    record.state = change.new
    backend.alarms[record.configuration.name].state_value = change.new.value.value
    if change.new.value is not change.old.value:
        backend.sandbox_history.add(history.state_updated(record.configuration, change))


def clear_set_states(record: AlarmRecord) -> None:
    record.set_states = ()


def update_suppression(record: AlarmRecord, suppression: ActionsSuppression) -> None:
    record.suppression = suppression


def record_action_result(backend: Backend, record: AlarmRecord, result: AlarmActionResult, repeated: bool) -> bool:
    """CW-53: adds the result to the history; that of a repeated action only when it differs from the last. → whether it was added."""
    if repeated and record.outcomes.get(result.arn) == result.summary:
        return False
    record.outcomes[result.arn] = result.summary
    backend.sandbox_history.add(history.action_run(record.configuration, context().clock.now(), result))
    return True
