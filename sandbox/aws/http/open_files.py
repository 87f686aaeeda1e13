"""How many files this process may have open, each connection being one. Most systems give a process 1,024 unless it asks for more."""

import resource
from contextlib import suppress

WANTED = 8_192
RESERVED = 512
"""For what else is open: the journal, the state, connections to Docker, Envoy, targets and subscribers."""


def raise_limit() -> None:
    """To WANTED, or as near as the hard limit lets it. Programs that are started later have it too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # the system allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def for_connections() -> int:
    """How many connections leave room for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else max(soft - RESERVED, soft // 2)
