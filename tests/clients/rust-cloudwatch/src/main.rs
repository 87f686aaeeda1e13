//! CloudWatch by its Rust SDK, which speaks CBOR only. Argument: the sandbox's URL. Prints one line for each thing that held, and ends
//! with exit code 1 at the first that did not. Built and run by tests/clients/test_rust.py.

use aws_credential_types::Credentials;
use aws_sdk_cloudwatch::client::Waiters;
use aws_sdk_cloudwatch::config::{retry::RetryConfig, Region};
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat,
    SingleMetricAnomalyDetector, StandardUnit, StateValue, Statistic, Tag,
};
use aws_sdk_cloudwatch::{Client, Config};
use aws_smithy_http_client::Builder;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("SANDBOX", "SANDBOX", None, None, "static"))
        .endpoint_url(endpoint)
        .http_client(Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

fn held(what: &str, ok: bool) {
    println!("{} {what}", if ok { "ok" } else { "NOT" });
    if !ok {
        std::process::exit(1);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = std::env::args().nth(1).expect("the sandbox's URL");
    let client = client(&endpoint);
    metrics(&client).await?;
    alarms(&client).await?;
    dashboards(&client).await?;
    errors(&client).await;
    Ok(())
}

async fn metrics(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let host = Dimension::builder().name("host").value("a").build();
    let datum = MetricDatum::builder()
        .metric_name("latency")
        .dimensions(host.clone())
        .unit(StandardUnit::Seconds)
        .timestamp(DateTime::from_secs(now))
        .set_values(Some((0..150).map(f64::from).collect()))
        .build();
    let data = vec![datum.clone(); 100]; // large enough that the SDK compresses it
    client
        .put_metric_data()
        .namespace("Rust")
        .set_metric_data(Some(data))
        .send()
        .await?;
    let pages: Vec<_> = client
        .list_metrics()
        .namespace("Rust")
        .into_paginator()
        .send()
        .try_collect()
        .await?;
    held(
        "ListMetrics finds what PutMetricData put",
        pages.len() == 1 && pages[0].metrics()[0].dimensions().len() == 1,
    );
    let metric = Metric::builder()
        .namespace("Rust")
        .metric_name("latency")
        .dimensions(host.clone())
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(60)
        .stat("p50")
        .build();
    let found = client
        .get_metric_data()
        .metric_data_queries(
            MetricDataQuery::builder()
                .id("m1")
                .metric_stat(stat)
                .build(),
        )
        .start_time(DateTime::from_secs(now - 600))
        .end_time(DateTime::from_secs(now + 600))
        .send()
        .await?;
    let result = &found.metric_data_results()[0];
    held(
        "GetMetricData has value, time and label",
        result.values() == [74.0]
            && result.timestamps().len() == 1
            && result.label() == Some("latency"),
    );
    let statistics = client
        .get_metric_statistics()
        .namespace("Rust")
        .metric_name("latency")
        .dimensions(host)
        .period(60)
        .statistics(Statistic::SampleCount)
        .start_time(DateTime::from_secs(now - 600))
        .end_time(DateTime::from_secs(now + 600))
        .send()
        .await?;
    held(
        "GetMetricStatistics counts",
        statistics.datapoints()[0].sample_count() == Some(15_000.0),
    );
    let image = client
        .get_metric_widget_image()
        .metric_widget(r#"{"metrics": [["Rust", "latency"]]}"#)
        .send()
        .await?;
    held(
        "GetMetricWidgetImage is a PNG",
        image
            .metric_widget_image()
            .is_some_and(|blob| blob.as_ref().starts_with(b"\x89PNG")),
    );
    Ok(())
}

async fn alarms(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    client
        .put_metric_alarm()
        .alarm_name("rust")
        .namespace("Rust")
        .metric_name("latency")
        .statistic(Statistic::Average)
        .period(60)
        .evaluation_periods(1)
        .threshold(1.5)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .tags(Tag::builder().key("team").value("web").build())
        .send()
        .await?;
    client
        .wait_until_alarm_exists()
        .alarm_names("rust")
        .wait(Duration::from_secs(30))
        .await?;
    client
        .put_composite_alarm()
        .alarm_name("rust-both")
        .alarm_rule("ALARM(rust)")
        .send()
        .await?;
    client
        .wait_until_composite_alarm_exists()
        .alarm_names("rust-both")
        .alarm_types(AlarmType::CompositeAlarm)
        .wait(Duration::from_secs(30))
        .await?;
    client
        .set_alarm_state()
        .alarm_name("rust")
        .state_value(StateValue::Alarm)
        .state_reason("by hand")
        .send()
        .await?;
    let described = client.describe_alarms().alarm_names("rust").send().await?;
    let alarm = &described.metric_alarms()[0];
    let whole = alarm.threshold() == Some(1.5)
        && alarm.state_updated_timestamp().is_some()
        && alarm.state_reason() == Some("by hand");
    held(
        "DescribeAlarms has threshold, reason and time",
        whole && alarm.state_value() == Some(&StateValue::Alarm),
    );
    let tags = client
        .list_tags_for_resource()
        .resource_arn(alarm.alarm_arn().unwrap_or_default())
        .send()
        .await?;
    held(
        "ListTagsForResource has the tag",
        tags.tags()[0].value() == Some("web"),
    );
    let history: Vec<_> = client
        .describe_alarm_history()
        .alarm_name("rust")
        .max_records(1)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await?;
    held("DescribeAlarmHistory pages", history.len() >= 2);
    client
        .delete_alarms()
        .alarm_names("rust-both")
        .send()
        .await?;
    client.delete_alarms().alarm_names("rust").send().await?;
    held(
        "DeleteAlarms deletes",
        client
            .describe_alarms()
            .alarm_names("rust")
            .send()
            .await?
            .metric_alarms()
            .is_empty(),
    );
    Ok(())
}

async fn dashboards(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    client
        .put_dashboard()
        .dashboard_name("rust")
        .dashboard_body(r#"{"widgets":[]}"#)
        .send()
        .await?;
    let listed = client
        .list_dashboards()
        .dashboard_name_prefix("rust")
        .send()
        .await?;
    held(
        "ListDashboards lists",
        listed.dashboard_entries()[0].last_modified().is_some(),
    );
    client
        .delete_dashboards()
        .dashboard_names("rust")
        .send()
        .await?;
    let gone = client
        .get_dashboard()
        .dashboard_name("rust")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    held(
        "GetDashboard of a deleted one is DashboardNotFoundError",
        gone.is_dashboard_not_found_error(),
    );
    Ok(())
}

async fn errors(client: &Client) {
    let unknown = client
        .set_alarm_state()
        .alarm_name("none")
        .state_value(StateValue::Ok)
        .state_reason("x")
        .send()
        .await;
    held(
        "an unknown alarm is ResourceNotFound",
        unknown
            .unwrap_err()
            .into_service_error()
            .is_resource_not_found(),
    );
    let datum = MetricDatum::builder()
        .metric_name("m")
        .value(1.0)
        .values(1.0)
        .build();
    let refused = client
        .put_metric_data()
        .namespace("Rust")
        .metric_data(datum)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    held(
        "two values at once are refused by the shape's name",
        refused.is_invalid_parameter_combination_exception(),
    );
    held(
        "and have the query protocol's code",
        refused.code() == Some("InvalidParameterCombination"),
    );
    let unit = SingleMetricAnomalyDetector::builder()
        .namespace("Rust")
        .metric_name("latency")
        .stat("Sum")
        .build();
    let absent = client
        .put_anomaly_detector()
        .single_metric_anomaly_detector(unit)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    held(
        "what the sandbox has not is refused by name",
        absent.code() == Some("NotImplemented"),
    );
}
