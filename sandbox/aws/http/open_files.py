"""The limit on open files of this process; each connection is one. On most systems it is 1,024 unless a process raises it."""

import resource
from contextlib import suppress

WANTED = 8_192
RESERVED = 512
"""For everything else: the journal, the state, connections to Docker, Envoy, targets and subscribers."""


def raise_limit() -> None:
    """Raises the limit to WANTED, or to the hard limit if that is lower. Programs started later inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # the system allows less than the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def for_connections() -> int:
    """How many connections may be open, so that enough files are left for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else max(soft - RESERVED, soft // 2)
