"""The AWS account for which this thread works: that of an API call's caller, or of the key that a controller reconciles.

The journal gives it to each event, so that what happened in one account can be shown without the others.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NOBODY = ""
"""No account: what happens to the whole sandbox."""

ACCOUNT_ID = re.compile(r"\d{12}")
ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:(\d{12}):")

_ACCOUNT: ContextVar[str] = ContextVar("the account that this thread works for", default=NOBODY)


def account() -> str:
    """NOBODY: none."""
    return _ACCOUNT.get()


def concerns(owner: str) -> bool:
    """Whether this thread has to do with something of that owner: it works for the same account, or one of both has none."""
    return NOBODY in (owner, account()) or owner == account()


@contextmanager
def working_for(account_id: str) -> Iterator[None]:
    """While it is open, this thread works for the account."""
    token = _ACCOUNT.set(account_id)
    try:
        yield
    finally:
        _ACCOUNT.reset(token)


def account_of_arns(resources: Iterable[str]) -> str:
    """The account that all ARNs among the resources belong to. NOBODY: there is none, or they belong to several."""
    found = {match[1] for each in resources if (match := ARN.match(each))}
    return found.pop() if len(found) == 1 else NOBODY


def account_of_key(key: str) -> str:
    """Of a controller's key, `<account>/<region>/<name>`. NOBODY: it belongs to none."""
    found, _, rest = key.partition("/")
    return found if rest and ACCOUNT_ID.fullmatch(found) else NOBODY
