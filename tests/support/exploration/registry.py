"""The operations by name; each registers itself."""

import random
from collections.abc import Callable

from tests.support.exploration.account import Account

Operate = Callable[[Account, random.Random], None]
OPERATIONS: dict[str, Operate] = {}


def operation(operate: Operate) -> Operate:
    OPERATIONS[operate.__name__] = operate
    return operate
