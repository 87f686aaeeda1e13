"""Credentials of the role in an instance's profile: a session of STS, as AWS makes for each instance. Only AWS does this."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.services.ec2.metadata_model import RoleCredentials


def issue(instance: Any, role_arn: str, lifetime: timedelta, now: datetime) -> None:
    """Sets new ones on the instance. Earlier ones stay valid until they expire; those of this instance that have expired are forgotten."""
    from moto.sts.models import sts_backends  # noqa: PLC0415 - only instances with a profile need it

    ec2 = instance.ec2_backend
    sts = sts_backends[ec2.account_id][ec2.partition]
    session = sts.assume_role(
        region_name=ec2.region_name,
        role_session_name=instance.id,
        role_arn=role_arn,
        policy=None,
        duration=int(lifetime.total_seconds()),
        external_id=None,
    )
    session.expiration = (now + lifetime).astimezone(UTC).replace(tzinfo=None)  # as moto keeps times
    _forget_expired(sts, instance.id, session, now)
    instance.sandbox.credentials = RoleCredentials(
        role_arn=role_arn,
        access_key_id=session.access_key_id,
        secret_access_key=session.secret_access_key,
        session_token=session.session_token,
        issued_at=now,
        expires_at=now + lifetime,
    )


def _forget_expired(sts: Any, session_name: str, newest: Any, now: datetime) -> None:
    until = now.astimezone(UTC).replace(tzinfo=None)
    kept = [each for each in sts.assumed_roles if each is newest or each.session_name != session_name or each.expiration > until]
    sts.assumed_roles[:] = kept
