"""A client that fails, or leaves something, fails alone: the test after it finds an account as new."""

import pytest

from tests.support.clients import ClientSandbox, inventory
from tests.support.real_clients.leftovers import Ledger


def test_what_a_test_left_fails_it_by_name_and_is_gone_for_the_next_one(sandbox: ClientSandbox) -> None:
    ledger = Ledger(sandbox)
    before = inventory(sandbox)
    sandbox.aws("sns").create_topic(Name="forgotten")
    with pytest.raises(pytest.fail.Exception, match=r"left over, or gone: .*'topic': .*:forgotten"):
        ledger.close(failed=False, patience=0)
    after = inventory(sandbox)
    assert {kind: len(ids) for kind, ids in after.items()} == {kind: len(ids) for kind, ids in before.items()}
    assert after["topic"] == []


def test_a_failed_test_is_reported_once_and_the_sandbox_is_new(sandbox: ClientSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    renewed: list[str] = []
    ledger = Ledger(sandbox)
    topic = sandbox.aws("sns").create_topic(Name="of-a-failed-test")["TopicArn"]
    monkeypatch.setattr(sandbox, "renew", lambda: renewed.append("renewed"))
    ledger.close(failed=True)
    assert renewed == ["renewed"]
    sandbox.aws("sns").delete_topic(TopicArn=topic)
