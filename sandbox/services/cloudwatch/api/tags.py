"""The operations on tags of alarms and dashboards (CW-65)."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.context import by_aws
from sandbox.aws.seams import replaces
from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api.operations import Operations
from sandbox.services.cloudwatch.api.validation import tags as tag_validation
from sandbox.services.cloudwatch.state import dashboards
from sandbox.services.cloudwatch.state.records import records_of


class TagOperations(Operations):
    @replaces(why="CW-65: tags are checked; dashboards have tags, too")
    def tag_resource(self) -> ActionResult:
        arn = self._get_param("ResourceARN") or ""
        tagger = self._tagger(arn)
        there = tagger.get_tag_dict_for_resource(arn)
        tagger.tag_resource(arn, tag_validation.checked(self._get_param("Tags") or [], there, by_aws=by_aws()))
        return EmptyResult()

    @replaces(why="CW-65: of a resource that has no tags, and of dashboards, too")
    def untag_resource(self) -> ActionResult:
        arn = self._get_param("ResourceARN") or ""
        self._tagger(arn).untag_resource_using_names(arn, self._get_param("TagKeys") or [])
        return EmptyResult()

    @replaces(why="CW-65: dashboards have tags, too")
    def list_tags_for_resource(self) -> ActionResult:
        """A deleted resource has none; that is not an error (X50)."""
        arn = self._get_param("ResourceARN") or ""
        holder = dashboards.by_arn(self._here, arn) or self._backend
        found = holder.tagger.get_tag_dict_for_resource(arn)
        return ActionResult({"Tags": [{"Key": key, "Value": value} for key, value in found.items()]})

    def _tagger(self, arn: str) -> Any:
        """moto's store of the resource's tags."""
        if any(record.configuration.arn == arn for record in records_of(self._backend).values()):
            return self._backend.tagger
        if (holder := dashboards.by_arn(self._here, arn)) is not None:
            return holder.tagger
        raise ApiError("ResourceNotFoundException", "Unknown")
