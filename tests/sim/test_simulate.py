"""`sandbox simulate` with a real scenario in virtual time (sandbox/simulate/worker.py)."""

import json

import pytest
from click.testing import CliRunner

from sandbox.cli.main import cli
from sandbox.report.model import Verdict
from sandbox.simulate.model import Layout, Run
from sandbox.simulate.worker import carry_out

SHORT = (("load", "20"),)


def run(seed: int, profile: str | None = None, scenario: str = "S01") -> Run:
    return Run(scenario=scenario, layout=Layout(profile=profile), seed=seed, settings=SHORT)


def test_a_run_has_the_verdict_and_the_numbers_of_its_report() -> None:
    found = carry_out(run(1))
    assert found.verdict is Verdict.SUCCEEDED
    assert found.sent > 10_000
    assert found.availability is not None


def test_the_same_seed_gives_the_same_outcome_whatever_ran_before_it() -> None:
    first = carry_out(run(1))
    carry_out(run(2, profile="tutorial"))
    assert carry_out(run(1)) == first


def test_a_run_that_cannot_be_done_has_a_sentence() -> None:
    assert carry_out(run(1, scenario="nonsense")).error == "There is no scenario of an outage named nonsense."
    assert "profile" in (carry_out(run(1, profile="nonsense")).error or "")


@pytest.mark.process
def test_the_command_prints_a_row_for_each_layout_and_fails_when_one_does() -> None:
    arguments = ["simulate", "S01", "--runs", "1", "--profile", "tuned", "--profile", "tutorial", "--json"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.exception is None
    found = json.loads(result.output)
    assert [(row["profile"], row["succeeded_percent"]) for row in found["rows"]] == [("tuned", 100.0), ("tutorial", 0.0)]
    assert found["rows"][1]["missed"]
    assert result.return_value == 1
