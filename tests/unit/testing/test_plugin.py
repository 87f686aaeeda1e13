"""The pytest plugin, as a project sees it that has it installed. In virtual time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[3]

ZONE_OUTAGE = """
    def test_zone(service, load, fault, report):
        web = service(profile={profile!r}, **{knobs})
        traffic = load(rate=10, client_timeout=1, retries=1)
        web.wait(30)
        fault("zone-power-off", web.fullest_zone())
        web.wait(120)
        assert traffic.availability >= 80, traffic.losses
        assert report().sent == traffic.sent == 10 * 150
"""
NOTHING_LEFT = """
    def test_nothing_is_left(aws, sandbox):
        assert aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
        assert aws("elbv2").describe_load_balancers()["LoadBalancers"] == []
        assert sandbox.client.get("faults")["faults"] == []
"""


@pytest.fixture(autouse=True)
def this_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin is that of this checkout, and no other is loaded: what is installed here may be another version."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, *tests: str, arguments: tuple[str, ...] = ()) -> pytest.RunResult:
    pytester.makepyfile(*["\n".join(tests)])
    return pytester.runpytest_subprocess("-p", "sandbox.testing.plugin", "-p", "no:cacheprovider", *arguments)


def test_a_layout_that_survives_passes_and_leaves_no_report(pytester: pytest.Pytester) -> None:
    result = run(pytester, ZONE_OUTAGE.format(profile="static-stable", knobs={}), NOTHING_LEFT)
    result.assert_outcomes(passed=2)
    assert not (pytester.path / "sandbox-reports").exists()


def test_a_fragile_layout_fails_with_a_report_and_its_fault_is_undone(pytester: pytest.Pytester) -> None:
    result = run(pytester, ZONE_OUTAGE.format(profile="tutorial", knobs={}), NOTHING_LEFT, arguments=("--sandbox-reports", "out"))
    result.assert_outcomes(passed=1, failed=1)
    [html] = (pytester.path / "out").rglob("report.html")
    result.stdout.fnmatch_lines(["*reports of the sandbox*", f"*{html.relative_to(pytester.path)}"])
    written = json.loads(html.with_name("report.json").read_text())["report"]
    assert written["verdict"] == "FAILED"
    assert "AssertionError" in written["sentence"]
    assert written["run"]["name"] == "test_zone"


def test_a_test_that_raises_in_the_middle_of_a_fault_leaves_nothing(pytester: pytest.Pytester) -> None:
    raises = """
    def test_raises(service, fault):
        web = service(zones=2, size=2)
        fault("zone-blackhole", web.fullest_zone())
        raise RuntimeError("a mistake in the test")
"""
    run(pytester, raises, NOTHING_LEFT).assert_outcomes(passed=1, failed=1)


MISTAKES = {
    "load(rate=1)": "load needs a service, and this test has built none.",
    "service(profile='best')": "There is no profile 'best'.",
    "service(zonse=3)": "sandbox.service has no knob 'zonse'.",
    "service(zones=2, size=2); load(rate=1, retires=2)": "Clients have no 'retires'.",
    "service(zones=2, size=2); fault('zone-blackhole', 'us-east-9z')": "us-east-9z",
}


def test_a_mistake_is_one_sentence(pytester: pytest.Pytester) -> None:
    tests = [f"def test_{number}(service, load, fault):\n    {body}\n" for number, body in enumerate(MISTAKES)]
    result = run(pytester, *tests, arguments=("--tb=line",))
    result.assert_outcomes(failed=len(MISTAKES))
    result.stdout.fnmatch_lines([f"*{said}*" for said in MISTAKES.values()])


def test_a_sandbox_is_a_context_manager_and_serves_unittest(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
    from sandbox.testing import Sandbox, SandboxTestCase

    class Shop(SandboxTestCase):
        def test_it_serves(self):
            with self.sandbox.service(zones=2, size=2) as shop, shop.load(rate=20) as traffic:
                shop.wait(30)
            assert traffic.availability == 100 and traffic.sent == 600
            assert len(traffic.answered_by) == 2
""",
    )
    result.assert_outcomes(passed=1)


def test_a_sandbox_of_its_own_for_each_worker(pytester: pytest.Pytester) -> None:
    one = "def test_{name}(sandbox, aws):\n    assert len(aws('ec2').describe_vpcs()['Vpcs']) == 1\n"
    result = run(pytester, one.format(name="a"), one.format(name="b"), arguments=("-p", "xdist.plugin", "-n", "2"))
    result.assert_outcomes(passed=2)


def test_what_every_session_loads_is_small() -> None:
    """A project that has the package installed pays for the plugin in every session, also where no test uses it."""
    loaded = "import sys, sandbox.testing.plugin; print([m for m in ('moto', 'boto3', 'flask', 'matplotlib', 'numpy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"
