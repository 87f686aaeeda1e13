"""Run Command, Session Manager, managed nodes and AWS's documents, in place of moto's pretence. Parameter Store and the account's documents
are moto's.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult
from moto.ssm.responses import SimpleSystemManagerResponse

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces, swap_response
from sandbox.core.control import Scope
from sandbox.services.ssm.api import commands, documents, sessions, views
from sandbox.services.ssm.api.validation import node_filters, requests
from sandbox.services.ssm.state import nodes
from sandbox.services.ssm.state.sessions import SessionBackend, session_backends
from sandbox.services.ssm.state.store import RunCommandBackend, run_command_backends

MOST_NODES, MOST_COMMANDS, MOST_DOCUMENTS, MOST_SESSIONS = 10, 50, 10, 200
"""Results on a page, if the caller does not say."""
OWN = ("Self", "Private", "All")


@swap_response("ssm")
class SandboxSSMResponse(SimpleSystemManagerResponse):
    @property
    def _commands(self) -> RunCommandBackend:
        found: RunCommandBackend = run_command_backends[self.current_account][self.region]
        return found

    @property
    def _scope(self) -> Scope:
        return Scope(self.current_account, self.region)

    @property
    def _given(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.body or "{}")
        return {name: value for name, value in found.items() if value is not None}

    # ---- commands ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="SSM-3: the command runs on the instances; moto answers Success at once")
    def send_command(self) -> ActionResult:
        return ActionResult({"Command": views.command(commands.send(self._commands, self._scope, self._given))})

    @adds(why="SSM-5: moto has no CancelCommand")
    def cancel_command(self) -> ActionResult:
        commands.cancel(self._commands, self._given)
        return EmptyResult()

    @replaces(why="SSM-5: the state of each command, with filters and pages")
    def list_commands(self) -> ActionResult:
        found = [views.command(each) for each in commands.listed(self._commands, self._given)]
        return self._paged("Commands", found, MOST_COMMANDS)

    @adds(why="SSM-6: moto has no ListCommandInvocations")
    def list_command_invocations(self) -> ActionResult:
        found, details = commands.invocations(self._commands, self._given), bool(self._given.get("Details"))
        shown = [views.invocation(command, each, details=details) for command, each in found]
        return self._paged("CommandInvocations", shown, MOST_COMMANDS)

    @replaces(why="SSM-6: the status and the output of what ran")
    def get_command_invocation(self) -> ActionResult:
        return ActionResult(views.step(*commands.invocation(self._commands, self._given)))

    # ---- nodes ---------------------------------------------------------------------------------------------------------------------------

    @adds(why="SSM-1: moto has no managed nodes")
    def describe_instance_information(self) -> ActionResult:
        filters = node_filters.checked(self._given)
        found = [each for each in nodes.nodes(self._scope) if each.running and all(fits(each) for fits in filters)]
        now = context().clock.now()
        return self._paged("InstanceInformationList", [views.node(each, now) for each in found], MOST_NODES)

    # ---- sessions ------------------------------------------------------------------------------------------------------------------------

    @adds(why="SSM-10: moto has no StartSession")
    def start_session(self) -> ActionResult:
        return ActionResult(sessions.start(self._sessions, self._scope, self._given, self._host))

    @adds(why="SSM-12: moto has no ResumeSession")
    def resume_session(self) -> ActionResult:
        return ActionResult(sessions.resume(self._sessions, self._given, self._host))

    @adds(why="SSM-14: moto has no TerminateSession")
    def terminate_session(self) -> ActionResult:
        return ActionResult(sessions.terminate(self._sessions, self._scope, self._given))

    @adds(why="SSM-13: moto has no DescribeSessions")
    def describe_sessions(self) -> ActionResult:
        return self._paged("Sessions", sessions.described(self._sessions, self._given), MOST_SESSIONS)

    @adds(why="SSM-13: moto has no GetConnectionStatus")
    def get_connection_status(self) -> ActionResult:
        return ActionResult(sessions.connection(self._scope, self._given))

    @property
    def _sessions(self) -> SessionBackend:
        found: SessionBackend = session_backends[self.current_account][self.region]
        return found

    @property
    def _host(self) -> str:
        """By which the caller reached this API. A name without a port is none of ours: AWS's own, or that of a call within the sandbox."""
        given = str(self.headers.get("Host") or "")
        return given if ":" in given else context().settings.endpoint.removeprefix("http://")

    # ---- documents -----------------------------------------------------------------------------------------------------------------------

    @replaces(why="SSM-8: also AWS's documents")
    def describe_document(self) -> ActionResult:
        found = documents.description(self._given)
        return super().describe_document() if found is None else ActionResult({"Document": found})

    @replaces(why="SSM-8: also AWS's documents")
    def get_document(self) -> ActionResult:
        found = documents.content(self._given)
        return super().get_document() if found is None else ActionResult(found)

    @replaces(why="SSM-8: also AWS's documents")
    def list_documents(self) -> ActionResult:
        """moto's own pages are of the account's documents only, so all are asked for and divided here."""
        found: list[Any] = documents.offered(self._given)
        owners = [value for each in self._given.get("Filters") or () if each["Key"] == "Owner" for value in each.get("Values") or ()]
        if not owners or not set(OWN).isdisjoint(owners):
            own, _ = self.ssm_backend.list_documents(None, self._own_filters(), max_results=1_000_000)
            found += own
        return self._paged("DocumentIdentifiers", found, MOST_DOCUMENTS)

    def _own_filters(self) -> list[Any]:
        return [each for each in self._given.get("Filters") or () if each["Key"] not in ("Owner", "SearchKeyword")]

    def _paged(self, member: str, items: Sequence[Any], most: int) -> ActionResult:
        first, end = requests.page(self._given, len(items), most)
        return ActionResult({member: list(items[first:end]), "NextToken": str(end) if end < len(items) else None})
