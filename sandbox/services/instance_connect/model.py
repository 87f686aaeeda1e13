"""The nouns of logging in by SSH: a public key, and an instance as EC2 Instance Connect sees it (section 7.6 of the rules).

An instance's SSH server is started when the first key arrives, so a boot takes no longer, and an instance that nobody logs in to has none.
It runs as the machine's user, not as root: so it needs no capability that instances lack, and only that user can log in.
"""

from dataclasses import dataclass

KEY_SECONDS = 60
"""EIC-1: real seconds for which a key that was sent can be used. A client that logs in is a real program, at any speed of the clock."""
USERS = ("ubuntu", "ec2-user")
"""Names of the user of the machine image: of Ubuntu's AMIs, and of Amazon Linux's, which is another name of the same account here."""
WITHOUT_SSH_SERVER = ("process",)
"""Runtimes whose instances have none: a server would be one of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A key that a user may log in with."""

    user: str
    public_key: str  # one line in OpenSSH's format
    seconds: int | None  # real seconds for which it holds; None: as long as the machine's disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An instance that somebody wants to log in to."""

    instance_id: str
    zone: str
    running: bool
    answers: bool  # its machine's network stack does


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A running instance with a key pair."""

    instance_id: str
    boots: int
    login: Login
    at_work: bool  # its SSH server is being started
    problem: str | None = None  # why the last start failed
    done: bool = False  # the last start has ended
    cause: str | None = None  # id of the newest event about the instance's state


@dataclass(frozen=True, slots=True)
class Memory:
    """For which boot the key pair was installed; 0: for none that this control plane knows of."""

    boot: int = 0
    told: int = 0  # for which boot an event told of the result
