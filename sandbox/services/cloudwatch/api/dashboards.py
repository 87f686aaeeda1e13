"""The operations on dashboards: checked, and kept as given (CW-64). Nothing here draws them; GetMetricWidgetImage draws a widget."""

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.context import by_aws
from sandbox.aws.seams import replaces
from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api import descriptions, pages
from sandbox.services.cloudwatch.api.operations import Operations
from sandbox.services.cloudwatch.api.validation import dashboards as dashboard_validation
from sandbox.services.cloudwatch.api.validation import tags as tag_validation
from sandbox.services.cloudwatch.state import dashboards

DASHBOARD_PAGE = 1000


class DashboardOperations(Operations):
    @replaces(why="CW-64: names and bodies that AWS refuses; dashboards are global")
    def put_dashboard(self) -> ActionResult:
        name = dashboard_validation.check_name(self._get_param("DashboardName"))
        body = dashboard_validation.check_body(self._get_param("DashboardBody"))
        tags = tag_validation.checked(self._get_param("Tags") or [], by_aws=by_aws())
        holder, new = dashboards.holder(self._here, name)
        made = holder.put_dashboard(name, body)
        if new and tags:
            holder.tagger.tag_resource(made.arn, tags)
        return ActionResult({"DashboardValidationMessages": []})

    @replaces(why="CW-64: its error; dashboards are global")
    def get_dashboard(self) -> ActionResult:
        name = self._get_param("DashboardName") or ""
        found = dashboards.all_of(self._here).get(name)
        if found is None:
            raise ApiError("DashboardNotFoundError", f"Dashboard {name} does not exist")
        return ActionResult({"DashboardArn": found.arn, "DashboardName": found.name, "DashboardBody": found.body})

    @replaces(why="CW-64: pages; times to the millisecond, as in every protocol; dashboards are global")
    def list_dashboards(self) -> ActionResult:
        prefix = self._get_param("DashboardNamePrefix") or ""
        found = dashboards.all_of(self._here)
        listed = [found[name] for name in sorted(found) if name.startswith(prefix)]
        shown, token = pages.page(listed, self._get_param("NextToken"), DASHBOARD_PAGE)
        return ActionResult({"DashboardEntries": [descriptions.dashboard(one) for one in shown], "NextToken": token})

    @replaces(why="CW-64: all or none; dashboards are global")
    def delete_dashboards(self) -> ActionResult:
        names = list(dict.fromkeys(self._get_param("DashboardNames") or []))
        dashboard_validation.check_deleted(names)
        there = dashboards.all_of(self._here)
        if unknown := [name for name in names if name not in there]:
            raise ApiError("DashboardNotFoundError", f"The specified dashboard does not exist. [{', '.join(unknown)}]")
        for name in names:
            dashboards.delete(self._here, name)
        return EmptyResult()
