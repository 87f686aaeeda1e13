"""The nouns of FIS: templates of targets and actions, experiments with the runs of their actions, the safety lever. Frozen values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.persisted import persisted
from sandbox.services.fis.status_model import ActionStatus, ExperimentStatus, LeverStatus

EXPERIMENT_CHANGE = "FIS Experiment State Change"  # FIS-11
ACTION_CHANGE = "FIS Action State Change"  # ours: on AWS only the experiment's log tells of its actions
LEVER_CHANGE = "FIS Safety Lever State Change"  # ours

FAIL, SKIP = "fail", "skip"  # emptyTargetResolutionMode (FIS-6)
RUN_ALL, SKIP_ALL = "run-all", "skip-all"  # actionsMode (FIS-6)
NO_STOP_CONDITION, ALARM = "none", "aws:cloudwatch:alarm"  # sources of stop conditions
LEVER_ID = "default"

# FIS-7
MOST_ACTIONS = 20
MOST_ACTIONS_AT_ONCE = 10
MOST_STOP_CONDITIONS = 5
MOST_ACTIVE_EXPERIMENTS = 5
MOST_TEMPLATES = 500
LONGEST_EXPERIMENT = timedelta(hours=12)
RECORDS_KEPT = timedelta(days=120)

# Codes of errors of experiments (FIS-8)
CONFIGURATION_FAILURE = "ConfigurationFailure"
DEPENDENT_SERVICE_FAILURE = "DependentServiceFailure"
INTERNAL_FAILURE = "InternalFailure"
INVALID_TARGET = "InvalidTarget"
AUTHORIZATION_FAILURE = "AuthorizationFailure"
QUOTA_EXCEEDED_FAILURE = "QuotaExceededFailure"


@persisted("fis.Filter")
@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`path`: into the output of the Describe operation, in PascalCase. One of `values` must match (FIS-2)."""

    path: str
    values: tuple[str, ...]


@persisted("fis.Target")
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    resource_type: str
    selection_mode: str  # "ALL", "COUNT(2)", "PERCENT(50)" (FIS-3)
    resource_arns: tuple[str, ...] = ()
    resource_tags: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@persisted("fis.ActionTemplate")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTemplate:
    action_id: str  # "aws:ec2:stop-instances"
    description: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)  # "Instances" → name of a target
    start_after: tuple[str, ...] = ()  # names of actions (FIS-9)


@persisted("fis.StopCondition")
@dataclass(frozen=True, slots=True, kw_only=True)
class StopCondition:
    source: str
    value: str | None = None  # ARN of an alarm


@persisted("fis.Template")
@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    id: str  # "EXT…"
    arn: str
    description: str
    targets: Mapping[str, Target]
    actions: Mapping[str, ActionTemplate]
    stop_conditions: tuple[StopCondition, ...]
    role_arn: str
    created: datetime
    updated: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    empty_target_resolution_mode: str = FAIL
    log_group_arn: str | None = None  # of CloudWatch Logs; None: its experiments have no log (FIS-13)


@persisted("fis.Run")
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One action of an experiment. What it did is kept here, so that another process can undo it."""

    name: str
    action: ActionTemplate
    status: ActionStatus = ActionStatus.PENDING
    reason: str = "Initial state"
    started: datetime | None = None
    ended: datetime | None = None
    until: datetime | None = None  # its duration, or that of what it has to undo, is over then; None: it is done when its targets are
    faults: tuple[str, ...] = ()  # ids of faults that it injected
    shifts: tuple[str, ...] = ()  # ids of zonal shifts that it started
    instances: tuple[str, ...] = ()  # ids of instances that it acted on
    commands: tuple[str, ...] = ()  # ids of commands of Systems Manager that it sent
    code: str | None = None  # of the error, if it failed (FIS-8)
    trouble: str | None = None  # what could not be undone, and why
    undone: bool = False  # the faults and shifts are ended, the stopped instances are started
    event: str | None = None  # id of its newest event, the cause of what it does

    def targeted(self, resolved: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """ARNs of its targets. `resolved`: of the experiment."""
        return tuple(arn for name in self.action.targets.values() for arn in resolved.get(name, ()))


@persisted("fis.Failure")
@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an experiment failed: `reason` in its state, the rest in the state's `error` (FIS-8)."""

    reason: str
    code: str
    location: str  # "target:web", "action:stop", "stopConditions"


@persisted("fis.Experiment")
@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    id: str  # "EXP…"
    arn: str
    template_id: str
    role_arn: str
    targets: Mapping[str, Target]
    runs: Mapping[str, Run]  # by the action's name, in the template's order
    stop_conditions: tuple[StopCondition, ...]
    status: ExperimentStatus
    reason: str
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    empty_target_resolution_mode: str = FAIL
    actions_mode: str = RUN_ALL
    log_group_arn: str | None = None
    resolved: Mapping[str, tuple[str, ...]] | None = None  # target → ARNs; None: not resolved yet. Kept to the end (FIS-3)
    failure: Failure | None = None  # an action failed, or nothing could start
    event: str | None = None  # id of its newest event

    @property
    def alarms(self) -> tuple[str, ...]:
        """ARNs of the alarms that stop it."""
        return tuple(each.value for each in self.stop_conditions if each.source == ALARM and each.value)


@persisted("fis.SafetyLever")
@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLever:
    """FIS-12. One for each account and Region."""

    status: LeverStatus = LeverStatus.DISENGAGED
    reason: str = ""
