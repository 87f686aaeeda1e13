"""When an instance's metadata changes: publish its document, issue credentials of its role before they are needed, apply its options."""

from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.services.ec2.actions import ApplyOptions, IssueCredentials, PublishDocument, WithdrawDocument
from sandbox.services.ec2.decide.metadata.document import access_options, metadata_document
from sandbox.services.ec2.metadata_model import InstanceFacts, MetadataMemory, ObservedMetadata, OptionFacts, RoleCredentials

LIFETIME = timedelta(hours=6)  # of credentials, as AWS issues them (OBS)
RENEWAL = timedelta(hours=1)  # before they expire; AWS makes new ones available at least five minutes before
LOOK = timedelta(seconds=1)  # while options wait to be applied, in case the server's word was missed
OPTIONS_APPLIED, CREDENTIALS_ISSUED = "EC2 Instance Metadata Options Applied", "EC2 Instance Role Credentials Issued"


def decide(observed: ObservedMetadata, memory: MetadataMemory | None, now: datetime) -> Decision[MetadataMemory]:
    facts = observed.facts
    if facts is None:
        return Decision(memory=MetadataMemory(), actions=(WithdrawDocument(),))
    memory = memory or MetadataMemory()
    if credentials_due(facts, now):
        return Decision(memory=memory, actions=(_issue(observed, facts),), look_again=timedelta(0))
    actions: list[Action] = []
    if memory.published != facts:
        actions.append(PublishDocument(document=metadata_document(facts)))
    elif observed.options_pending and _serves(observed, facts.options):
        actions.append(ApplyOptions(event=_applied(observed, facts.options) if memory.applied else None))
    kept = MetadataMemory(facts, memory.applied or not observed.options_pending)
    return Decision(memory=kept, actions=tuple(actions), look_again=_look_again(observed, facts, now))


def credentials_due(facts: InstanceFacts, now: datetime) -> bool:
    """Whether the role of the instance's profile needs new credentials."""
    if facts.profile is None or not facts.profile.role_arn:
        return False
    held = facts.credentials
    return held is None or held.role_arn != facts.profile.role_arn or now >= _renewal(held)


def _renewal(credentials: RoleCredentials) -> datetime:
    return credentials.expires_at - RENEWAL


def _issue(observed: ObservedMetadata, facts: InstanceFacts) -> IssueCredentials:
    assert facts.profile is not None
    event = _event(observed, CREDENTIALS_ISSUED, f"{observed.instance_id} has new credentials of the role {facts.profile.role_name}")
    return IssueCredentials(role_arn=facts.profile.role_arn, lifetime=LIFETIME, event=event)


def _serves(observed: ObservedMetadata, options: OptionFacts) -> bool:
    return observed.served is not None and observed.served.options == access_options(options)


def _applied(observed: ObservedMetadata, options: OptionFacts) -> Event:
    shown = f"HttpTokens={options.tokens}, HttpEndpoint={options.endpoint}, HttpPutResponseHopLimit={options.hop_limit}"
    return _event(observed, OPTIONS_APPLIED, f"the metadata options of {observed.instance_id} are applied: {shown}")


def _event(observed: ObservedMetadata, title: str, summary: str) -> Event:
    return Event(
        source="aws.ec2",
        detail_type=title,
        summary=summary,
        resources=(observed.instance_id,),
        detail={"instance-id": observed.instance_id},
        cause=observed.cause,
    )


def _look_again(observed: ObservedMetadata, facts: InstanceFacts, now: datetime) -> timedelta | None:
    if observed.options_pending:
        return LOOK
    return max(_renewal(facts.credentials) - now, timedelta(0)) if facts.credentials and facts.profile else None
