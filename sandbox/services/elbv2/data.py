"""The attributes of listeners: AWS's keys and defaults (ALB-17), and the headers that they stand for."""

from collections.abc import Mapping

SERVER_HEADER = "routing.http.response.server.enabled"

RESPONSE_HEADERS: Mapping[str, str] = {  # attribute: the header that the load balancer adds to responses
    "routing.http.response.strict_transport_security.header_value": "Strict-Transport-Security",
    "routing.http.response.access_control_allow_origin.header_value": "Access-Control-Allow-Origin",
    "routing.http.response.access_control_allow_methods.header_value": "Access-Control-Allow-Methods",
    "routing.http.response.access_control_allow_headers.header_value": "Access-Control-Allow-Headers",
    "routing.http.response.access_control_allow_credentials.header_value": "Access-Control-Allow-Credentials",
    "routing.http.response.access_control_expose_headers.header_value": "Access-Control-Expose-Headers",
    "routing.http.response.access_control_max_age.header_value": "Access-Control-Max-Age",
    "routing.http.response.content_security_policy.header_value": "Content-Security-Policy",
    "routing.http.response.x_content_type_options.header_value": "X-Content-Type-Options",
    "routing.http.response.x_frame_options.header_value": "X-Frame-Options",
}

LISTENER_ATTRIBUTES: Mapping[str, str] = {SERVER_HEADER: "true"} | dict.fromkeys(RESPONSE_HEADERS, "")
"""Of an HTTP listener. An HTTPS listener has more."""
