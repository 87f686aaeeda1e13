"""The tags of ELBv2's resources. All ARNs of a request are checked before any tag changes (ALB-15)."""

from collections.abc import Sequence

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws.seams import replaces
from sandbox.core.control import Scope
from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.listeners import Listeners
from sandbox.services.elbv2.api.validation import requests

CHECKED = "ALB-14, ALB-15: every resource must exist; a refused request changes nothing"


class Tags(Listeners):
    @replaces(why=CHECKED)
    def add_tags(self, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        self._check_one(resource_arns)
        for arn in resource_arns:
            requests.count_of_tags(len(self.tagging_service.get_tag_dict_for_resource(arn).keys() | {tag["Key"] for tag in tags}))
            self.tagging_service.tag_resource(arn, tags)

    @replaces(why=CHECKED)
    def remove_tags(self, resource_arns: list[str], tag_keys: list[str]) -> None:
        self._check_one(resource_arns)
        for arn in resource_arns:
            self.tagging_service.untag_resource_using_names(arn, tag_keys)

    @replaces(why="ALB-14: an unknown resource is an error")
    def describe_tags(self, resource_arns: list[str]) -> dict[str, dict[str, str]]:
        self._check_all(resource_arns)
        return {arn: self.tagging_service.get_tag_dict_for_resource(arn) for arn in resource_arns}

    def _check_one(self, arns: Sequence[str]) -> None:
        self._check_all(arns)
        if len(arns) > 1:
            raise errors.validation("Only one resource can be tagged at a time")

    def _check_all(self, arns: Sequence[str]) -> None:
        find = {
            "LoadBalancerArn": self.find_load_balancer,
            "TargetGroupArn": self.find_target_group,
            "ListenerArn": self.find_listener,
            "RuleArn": self._rule,
        }
        for arn in arns:
            find[requests.kind_of(arn, Scope(self.account_id, self.region_name))](arn)
