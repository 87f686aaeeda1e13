"""Why tests of moto's CloudWatch suite fail at an assertion."""

DIMENSIONS = "moto asserts moto: every set of dimensions is a metric of its own; a query with other dimensions, or none, finds no data."
LABEL = "moto asserts moto: a label names the statistic only when the statistics of the results differ; it is `metric1` here."
LISTED = "moto asserts moto: ListMetrics lists a metric once, not once for each value that was put."
EVALUATED = (
    "moto asserts moto: a new alarm is INSUFFICIENT_DATA (moto: OK), and is evaluated soon after; in instant timing, at once. "
    "moto never evaluates an alarm."
)

REASONS: dict[str, str] = {
    "test_cloudwatch/test_cloudwatch.py::test_cloudwatch_return_s3_metrics": (
        "moto asserts moto: S3 reports the size of a bucket once a day, so a new bucket has no metrics. The sandbox measures no buckets."
    ),
    "test_cloudwatch/test_cloudwatch.py::test_get_metric_data_for_dimensions": DIMENSIONS,
    "test_cloudwatch/test_cloudwatch.py::test_get_metric_statistics_dimensions": DIMENSIONS,
    "test_cloudwatch/test_cloudwatch.py::test_get_metric_data_for_unit": (
        "moto asserts moto: data with different units are not added up; GetMetricData without a unit returns those of one unit."
    ),
    "test_cloudwatch/test_cloudwatch.py::test_get_metric_data_partially_within_timeframe": LABEL,
    "test_cloudwatch/test_cloudwatch.py::test_get_metric_data_with_custom_label": LABEL,
    "test_cloudwatch/test_cloudwatch.py::test_list_metrics": LISTED,
    "test_cloudwatch/test_cloudwatch.py::test_list_metrics_paginated": LISTED,
    "test_cloudwatch/test_cloudwatch.py::test_put_metric_alarm": EVALUATED,
    "test_cloudwatch/test_cloudwatch.py::test_put_metric_alarm_with_percentile": EVALUATED,
    "test_cloudwatch/test_cloudwatch.py::test_put_metric_data_can_not_have_value_and_values": (
        "moto asserts moto: the code of CloudWatch is InvalidParameterCombination."
    ),
    "test_cloudwatch/test_cloudwatch_alarms.py::test_alarm_state": (
        "moto asserts moto: SetAlarmState lasts until the next evaluation, which is at most 10 seconds away for a period of 10 seconds; "
        "moto never evaluates an alarm, and its new alarms are OK."
    ),
    "test_cloudwatch/test_cloudwatch_alarms.py::test_describe_alarms": (
        "moto asserts moto: DescribeAlarms omits Metrics of an alarm on a single metric; moto returns an empty list."
    ),
    "test_cloudwatch/test_cloudwatch_cloudformation.py::test_cloudwatch_dashboard": (
        "AWS refuses it: the DashboardBody is `body`, which is not a JSON object, so the stack is rolled back and there is no dashboard."
    ),
}
