"""Metric math: parser, operators, functions, queries that refer to each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.core.errors import ApiError
from sandbox.core.metrics import of_value
from sandbox.services.cloudwatch.data import expressions, metric_queries
from sandbox.services.cloudwatch.data.expressions import Array, Binary, Call, Name, Number, Unary
from sandbox.services.cloudwatch.data.metric_queries import MetricDataRequest, Query
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.data.store import MetricStore
from tests.support import rule

NOON = 1_778_155_200
M1, M2 = MetricId("App", "requests", (("LB", "a"),)), MetricId("App", "errors", (("LB", "a"),))
REQUESTS = Query(id="m1", metric=M1, stat="Sum", period=60, return_data=False)
ERRORS = Query(id="m2", metric=M2, stat="Sum", period=60, return_data=False)


def store() -> MetricStore:
    """m1 = 100 0 300 -, m2 = 1 2 - 4 in the four minutes from noon."""
    made = MetricStore()
    for minute, value in enumerate([100.0, 0.0, 300.0]):
        made.record(M1, "Count", NOON + 60 * minute, of_value(value))
    for minute, value in [(0, 1.0), (1, 2.0), (3, 4.0)]:
        made.record(M2, "Count", NOON + 60 * minute, of_value(value))
    return made


def evaluate(expression: str) -> dict[int, float]:
    """Minute → value."""
    queries = (REQUESTS, ERRORS, Query(id="e1", expression=expression))
    [(_, series)] = MetricDataRequest(store(), queries, NOON, NOON + 240).results()
    return {(at - NOON) // 60: value for at, value in series.points.items()}


@rule("CW-7")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", {0: 101.0, 1: 2.0}),
        ("m2 - 1", {0: 0.0, 1: 1.0, 3: 3.0}),
        ("100 * m2 / m1", {0: 1.0}),  # a division by zero leaves no point
        ("m2 ^ 2", {0: 1.0, 1: 4.0, 3: 16.0}),
        ("-m2", {0: -1.0, 1: -2.0, 3: -4.0}),
        ("m2 >= 2", {0: 0.0, 1: 1.0, 3: 1.0}),
        ("m2 > 1 AND m2 < 4", {0: 0.0, 1: 1.0, 3: 0.0}),
        ("m2 == 1 || m2 == 4", {0: 1.0, 1: 0.0, 3: 1.0}),
        ("m2 != 2", {0: 1.0, 1: 0.0, 3: 1.0}),
        ("IF(m2 > 1, m2, 0)", {0: 0.0, 1: 2.0, 3: 4.0}),
        ("IF(m2 > 1, m2)", {1: 2.0, 3: 4.0}),
        ("IF(1, m2, m1)", {0: 1.0, 1: 2.0, 3: 4.0}),
        ("FILL(m2, 0)", {0: 1.0, 1: 2.0, 2: 0.0, 3: 4.0}),
        ("FILL(m2, REPEAT)", {0: 1.0, 1: 2.0, 2: 2.0, 3: 4.0}),
        ("FILL(m2, LINEAR)", {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}),
        ("FILL(m2, m1)", {0: 1.0, 1: 2.0, 2: 300.0, 3: 4.0}),
        ("SUM([m1, m2])", {0: 101.0, 1: 2.0, 2: 300.0, 3: 4.0}),
        ("SUM(METRICS())", {0: 101.0, 1: 2.0, 2: 300.0, 3: 4.0}),
        ("SUM(METRICS('m2'))", {0: 1.0, 1: 2.0, 3: 4.0}),
        ("MAX(METRICS())", {0: 100.0, 1: 2.0, 2: 300.0, 3: 4.0}),
        ("AVG([m1, m2])", {0: 50.5, 1: 1.0, 2: 300.0, 3: 4.0}),
        ("MIN([m1, m2])", {0: 1.0, 1: 0.0, 2: 300.0, 3: 4.0}),
        ("m1 / MAX(m1)", {0: 1 / 3, 1: 0.0, 2: 1.0}),
        ("m2 * METRIC_COUNT(METRICS())", {0: 2.0, 1: 4.0, 3: 8.0}),
        ("ABS(m2 - 3)", {0: 2.0, 1: 1.0, 3: 1.0}),
        ("CEIL(m2 / 3)", {0: 1.0, 1: 1.0, 3: 2.0}),
        ("FLOOR(m2 / 3)", {0: 0.0, 1: 0.0, 3: 1.0}),
        ("DIFF(m2)", {1: 1.0, 3: 2.0}),
        ("RATE(m2)", {1: 1 / 60, 3: 2 / 120}),
        ("DIFF_TIME(m2)", {1: 60.0, 3: 120.0}),
        ("m2 / PERIOD(m2)", {0: 1 / 60, 1: 2 / 60, 3: 4 / 60}),
        ("RUNNING_SUM(m2)", {0: 1.0, 1: 3.0, 3: 7.0}),
        ("TIME_SERIES(7)", {0: 7.0, 1: 7.0, 2: 7.0, 3: 7.0}),
        ("LOG10(m1)", {0: 2.0, 2: pytest.approx(2.4771, abs=1e-4)}),
        ("FIRST([m1, m2]) + LAST([m1, m2])", {0: 101.0, 1: 2.0}),
        ("sum(metrics()) * 0 + DATAPOINT_COUNT(m1)", {0: 3.0, 1: 3.0, 2: 3.0, 3: 3.0}),
        ("SEARCH('{App,LB} MetricName=\"errors\"', 'Sum', 60)", {0: 1.0, 1: 2.0, 3: 4.0}),
        ("SUM(SEARCH('{App,LB} a', 'Sum', 60))", {0: 101.0, 1: 2.0, 2: 300.0, 3: 4.0}),
    ],
)
def test_what_expressions_mean(expression: str, expected: dict[int, float]) -> None:
    assert evaluate(expression) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", Binary("+", Number(1), Binary("*", Number(2), Number(3)))),
        ("(1 + 2) * 3", Binary("*", Binary("+", Number(1), Number(2)), Number(3))),
        ("8 - 4 - 2", Binary("-", Binary("-", Number(8), Number(4)), Number(2))),
        ("2 ^ 3 ^ 2", Binary("^", Number(2), Binary("^", Number(3), Number(2)))),
        ("-2 ^ 2", Unary("-", Binary("^", Number(2), Number(2)))),
        ("a > 1 AND b or c", Binary("||", Binary("&&", Binary(">", Name("a"), Number(1)), Name("b")), Name("c"))),
        ("f([a, b], 1e3)", Call("F", (Array((Name("a"), Name("b"))), Number(1000.0)))),
        ("METRICS()", Call("METRICS", ())),
    ],
)
def test_operators_bind_as_in_arithmetic(text: str, tree: object) -> None:
    assert expressions.parse(text) == tree


@pytest.mark.parametrize(
    "expression",
    ["m1 +", "m1 m2", "(m1", "m1)", "m1 $ m2", "", "FOO(m1)", "m9", "[m1, m2] + [m1, m2]", "SUM(m1)", "ABS(m1, m2)", "m1 + 'text'",
     "FILL(m1)", "SEARCH('(a OR b)', 'Sum', 60)", "SEARCH('a', 'Sum', 61)", "SEARCH('a', 'Nope', 60)", "e1 + 1", "[1, 2]",
     "(" * 200 + "1" + ")" * 200],
)  # fmt: skip
def test_expressions_that_are_refused_with_an_aws_error(expression: str) -> None:
    with pytest.raises(ApiError) as refused:
        evaluate(expression)
    assert refused.value.code in ("ValidationError", "InvalidParameterValue")


@rule("CW-7")
def test_an_expression_has_2048_characters_at_most() -> None:
    assert expressions.parse("m" * 2048) == Name("m" * 2048)
    with pytest.raises(ApiError, match="Expression must not exceed 2048 characters"):
        expressions.parse("m" * 2049)


@given(st.text(alphabet="m12+-*/^()[],<>=&|'. AVGSUM", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        expressions.parse(text)
    except ApiError as refused:
        assert refused.code == "ValidationError"


@rule("CW-7")
@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([Query(id="M1", expression="1")], "pattern"),
        ([Query(id="e1", expression="1"), Query(id="e1", expression="1")], "not unique"),
        ([Query(id="m1", metric=M1, stat="Sum", period=61)], "MetricStat.Period"),
        ([Query(id="m1", metric=M1, stat="Median", period=60)], "Median"),
        ([Query(id="m1")], "MetricStat is required"),
        ([Query(id="m1", metric=M1, stat="Sum", period=60, expression="1")], "mutually exclusive"),
        ([Query(id="m1", metric=M1, stat="Sum", period=60, return_data=False)], "ReturnData"),
        ([Query(id="q1", expression="SELECT AVG(x) FROM y")], "Metrics Insights"),
        ([Query(id=f"e{number}", expression="1") for number in range(501)], "500"),
    ],
)
def test_queries_that_are_refused(queries: list[Query], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        metric_queries.check(queries)


def test_a_circle_of_expressions_is_refused() -> None:
    with pytest.raises(ApiError, match="Circular reference: e1 -> e2 -> e1"):
        list(
            MetricDataRequest(
                store(), (Query(id="e1", expression="e2 + 1"), Query(id="e2", expression="e1 + 1")), NOON, NOON + 60
            ).results()
        )


@rule("CW-7", "CW-5")
def test_a_percentile_query_gives_points() -> None:
    [(query, series)] = MetricDataRequest(store(), (Query(id="m1", metric=M1, stat="p90", period=300),), NOON, NOON + 300).results()
    assert (query.id, series.metric, series.stat, series.points) == ("m1", M1, "p90", {NOON: 300.0})
