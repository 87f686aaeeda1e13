"""Attributes of load balancers and listeners: AWS's keys, defaults and limits (ALB-7, ALB-17), and what they change."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.elb import error_of

BALANCER = {
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "routing.http.xff_client_port.enabled": "true",
    "routing.http.preserve_host_header.enabled": "true",
    "routing.http.xff_header_processing.mode": "remove",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true",
    "routing.http2.enabled": "false",
    "waf.fail_open.enabled": "true",
    "zonal_shift.config.enabled": "true",
    "idle_timeout.timeout_seconds": "120",
    "client_keep_alive.seconds": "60",
}
RESPONSE = "routing.http.response"


def modify_balancer(elb: Any, balancer: str, **attributes: str) -> dict[str, str]:
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    answer = elb.api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=given)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def modify_listener(elb: Any, listener: str, **attributes: str) -> dict[str, str]:
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    answer = elb.api.modify_listener_attributes(ListenerArn=listener, Attributes=given)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


@rule("ALB-7")
@pytest.mark.parametrize("key", BALANCER)
def test_an_attribute_of_a_load_balancer_is_kept_beside_the_defaults_of_the_others(elb, key):
    balancer = elb.balancer()
    defaults = modify_balancer(elb, balancer)
    changed = modify_balancer(elb, balancer, **{key: BALANCER[key]})
    assert changed == defaults | {key: BALANCER[key]} != defaults
    answer = elb.api.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    assert {each["Key"]: each["Value"] for each in answer} == changed


def test_attributes_of_the_load_balancer_reach_the_proxy(elb):
    elb.serving()
    modify_balancer(elb, elb.balancer(), **BALANCER)
    elb.wait(1)
    config = elb.proxy.configuration.listeners[0]
    assert (config.drop_invalid_headers, config.xff_client_port, config.preserve_host_header) == (True, True, True)
    assert (config.xff_mode, config.idle_timeout.total_seconds(), config.client_keep_alive.total_seconds()) == ("remove", 120, 60)


@rule("ALB-17")
def test_the_attributes_of_a_listener_have_defaults_and_change_its_responses(elb):
    _, listener = elb.serving()
    defaults = modify_listener(elb, listener)
    assert defaults.pop(f"{RESPONSE}.server.enabled") == "true" and set(defaults.values()) == {""} and len(defaults) == 10
    changes = {f"{RESPONSE}.server.enabled": "false", f"{RESPONSE}.x_frame_options.header_value": "SAMEORIGIN"}
    changed = modify_listener(elb, listener, **changes)
    assert changes.items() <= changed.items()
    answer = elb.api.describe_listener_attributes(ListenerArn=listener)["Attributes"]
    assert {each["Key"]: each["Value"] for each in answer} == changed
    elb.wait(1)
    assert elb.proxy.request(listener).headers == {"Content-Type": "text/html", "X-Frame-Options": "SAMEORIGIN"}
    modify_listener(elb, listener, **{f"{RESPONSE}.x_frame_options.header_value": "", f"{RESPONSE}.server.enabled": "true"})
    elb.wait(1)
    assert elb.proxy.request(listener).headers == {"Content-Type": "text/html", "Server": "awselb/2.0"}


WRONG_BALANCER = {
    "no.such.attribute": ("1", "ValidationError", "Load balancer attribute key 'no.such.attribute' is not recognized"),
    "zonal_shift.config.enabled": ("yes", "ValidationError", "'zonal_shift.config.enabled' value 'yes' must be one of [true, false]"),
    "load_balancing.cross_zone.enabled": (
        "false",
        "InvalidConfigurationRequest",
        "Cross-zone load balancing cannot be disabled for an Application Load Balancer",
    ),
}
WRONG_LISTENER = {
    "tcp.idle_timeout.seconds": ("350", "Listener attribute key 'tcp.idle_timeout.seconds' is not recognized"),
    "routing.http.request.x_amzn_tls_version.header_name": (
        "X-TLS",
        "Listener attribute key 'routing.http.request.x_amzn_tls_version.header_name' is not supported for HTTP listeners",
    ),
    f"{RESPONSE}.server.enabled": ("", f"'{RESPONSE}.server.enabled' value '' must be one of [true, false]"),
    f"{RESPONSE}.x_content_type_options.header_value": (
        "sniff",
        f"'{RESPONSE}.x_content_type_options.header_value' value 'sniff' must be one of [nosniff]",
    ),
    f"{RESPONSE}.content_security_policy.header_value": (
        "x" * 1025,
        f"'{RESPONSE}.content_security_policy.header_value' value cannot be longer than '1024' characters",
    ),
}


@pytest.mark.parametrize("key", WRONG_BALANCER)
def test_a_wrong_attribute_of_a_load_balancer_changes_none(elb, key):
    balancer = elb.balancer()
    before = modify_balancer(elb, balancer)
    value, code, text = WRONG_BALANCER[key]
    given = {"idle_timeout.timeout_seconds": "99", key: value}
    assert error_of(modify_balancer, elb=elb, balancer=balancer, **given) == (code, text)
    assert modify_balancer(elb, balancer) == before


@pytest.mark.parametrize("key", WRONG_LISTENER)
def test_a_wrong_attribute_of_a_listener_changes_none(elb, key):
    listener = elb.listener(elb.balancer())
    before = modify_listener(elb, listener)
    value, text = WRONG_LISTENER[key]
    given = {f"{RESPONSE}.x_frame_options.header_value": "DENY", key: value}
    assert error_of(modify_listener, elb=elb, listener=listener, **given) == ("ValidationError", text)
    assert modify_listener(elb, listener) == before
