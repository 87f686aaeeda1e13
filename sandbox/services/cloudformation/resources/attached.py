"""Policies that are an attribute of something else: of topics (SNS) and queues (SQS). In the service they have no identity of their own."""

from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind
from sandbox.services.cloudformation.resources.parameters import Properties, document, text


class AttachedPolicy(Kind):
    """`holders`: the property that names what the policy is for: a list, or, if `inline`, one, whose id is then the physical id.

    The physical id of a policy of several is a name that CloudFormation makes."""

    holders: str
    inline = False

    def make(self, call: Call, wanted: Wanted) -> str:
        for holder in self._holders(wanted.properties):
            self.attach(call, holder, document(wanted.properties["PolicyDocument"]))
        return text(wanted.properties[self.holders]) if self.inline else wanted.generated_name()

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        kept = self._holders(new.properties)
        self._reset(call, [holder for holder in self._holders(old.properties) if holder not in kept])
        self.make(call, new)

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone:
        self._reset(call, self._holders(old.properties))
        return Gone()

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        if not all(self.exists(call, holder) for holder in self._holders(wanted.properties)):
            return Gone()
        return Ready(dict.fromkeys(self.attributes, physical_id))

    def _holders(self, properties: Properties) -> list[str]:
        return [text(properties[self.holders])] if self.inline else list(properties[self.holders])

    def _reset(self, call: Call, holders: list[str]) -> None:
        for holder in holders:
            if self.exists(call, holder):
                self.detach(call, holder)

    def exists(self, call: Call, holder: str) -> bool:
        raise NotImplementedError

    def attach(self, call: Call, holder: str, policy: str) -> None:
        raise NotImplementedError

    def detach(self, call: Call, holder: str) -> None:
        """It has the policy again that it would have without the stack."""
        raise NotImplementedError
