"""What users and the world do, one file per subject. Importing this package registers all of them."""

from tests.support.exploration.operations import groups, instances, load_balancing, members, monitoring, scaling, world
from tests.support.exploration.registry import OPERATIONS

__all__ = ["OPERATIONS", "groups", "instances", "load_balancing", "members", "monitoring", "scaling", "world"]
