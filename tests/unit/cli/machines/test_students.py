"""`sandbox students`: each learner of a class gets an account of their own."""

import json

import pytest
from click.testing import CliRunner

from sandbox.cli.machines.students import students
from sandbox.launch.running import students_accounts


def said(*arguments: str) -> str:
    done = CliRunner().invoke(students, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_each_learner_has_another_account_of_twelve_digits() -> None:
    accounts = list(students_accounts(10))
    assert len(set(accounts)) == 10
    assert all(len(account) == 12 and account.isdigit() for account in accounts)


def test_the_exports_name_the_account_as_the_access_key_id() -> None:
    lines = said("2", "--exports").splitlines()
    assert [line for line in lines if line.startswith("#")] == ["# learner 1", "# learner 2"]
    assert [line.partition("=")[2] for line in lines if "AWS_ACCESS_KEY_ID" in line] == list(students_accounts(2))
    assert sum("AWS_ENDPOINT_URL=" in line for line in lines) == 2


def test_as_json_it_is_variables_by_account() -> None:
    found = json.loads(said("2", "--json"))
    assert {account: variables["AWS_ACCESS_KEY_ID"] for account, variables in found.items()} == {
        each: each for each in students_accounts(2)
    }


@pytest.mark.parametrize("count", ["0", "-1", "ten", "100000"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    assert CliRunner().invoke(students, ["--", count]).exit_code == 2
