"""How `make conformance` reads a report and explains failures."""

from xml.etree import ElementTree

import pytest

from tools.conformance import document, reasons
from tools.conformance.suites import FailedTest, Result, read

REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_elbv2.test_elbv2" name="test_a"/>
<testcase classname="tests.test_elbv2.test_elbv2.TestB" name="test_b"><failure message="assert 1 == 2">long</failure></testcase>
<testcase classname="tests.test_elbv2.test_elbv2" name="test_c"><skipped message="not in server mode"/></testcase>
<testcase classname="tests.test_elbv2.test_elbv2" name="test_d"><failure message="x"/><error message="y"/></testcase>
</testsuite></testsuites>"""


def test_a_report_is_counted_test_by_test() -> None:
    found = read(ElementTree.fromstring(REPORT))
    assert (found.passed, found.skipped) == (1, 1)
    assert [test.name for test in found.failures] == ["test_elbv2/test_elbv2.py::TestB::test_b", "test_elbv2/test_elbv2.py::test_d"]


REFUSED = "botocore.exceptions.ClientError: An error occurred ({}) when calling the Do operation (reached max retries: 4): {}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            REFUSED.format("ValidationError", "no VPC\n vpc-0123456789abcdef0"),
            "AWS refuses it: Do returns ValidationError: no VPC vpc-…",
        ),
        (
            REFUSED.format("NotImplemented", "The sandbox does not support Do of sns (macros are not run). See: sandbox seams"),
            "Not supported: Do: macros are not run",
        ),
        (REFUSED.format("InternalFailure", "a bug"), None),
        ("AssertionError: assert 1 == 2", None),
    ],
)
def test_an_error_explains_a_failure_unless_it_is_the_sandbox_s_own(message: str, expected: str | None) -> None:
    assert reasons.reason(FailedTest("test_x.py::test_x", message)) == expected


def test_an_assertion_is_explained_by_the_name_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "BY_NAME", {"test_x.py::test_x": "moto asserts moto: ..."})
    assert reasons.reason(FailedTest("test_x.py::test_x[1]", "assert 0")) == "moto asserts moto: ..."


def test_the_table_has_both_servers() -> None:
    table = document.table({"sns": (Result(3, 1, (FailedTest("t", "m"),)), Result(4, 1, ())), "sqs": (Result(1, 0, ()), None)})
    assert table.splitlines()[2:] == ["| sns | 3 | 1 | 1 | 4 | 0 |", "| sqs | 1 | 0 | 0 | - | - |"]
