"""A node that no packet reaches: its requests, also those of open connections, get no answer. Only its routes change, so the connections
stay. They appear in no access log, because a node that is cut off cannot deliver one.
"""

from sandbox.drivers.proxy.envoy.access.log_format import DARK
from sandbox.drivers.proxy.envoy.config.conditions import Json

FAULTS = "sandbox.fault"  # the filter, which only routes with a fault switch on
_FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"


def fault_filter() -> Json:
    return {"name": FAULTS, "typed_config": {"@type": _FAULT}, "disabled": True}


def dark_host() -> Json:
    delay = {"fixed_delay": "86400s", "percentage": {"numerator": 100}}
    hangs = {"cluster": DARK, "timeout": "0s", "idle_timeout": "0s"}  # there is no such cluster: no request gets that far
    route = {
        "name": DARK,
        "match": {"prefix": ""},
        "route": hangs,
        "typed_per_filter_config": {FAULTS: {"@type": _FAULT, "delay": delay}},
    }
    return {"name": DARK, "domains": ["*"], "routes": [route]}
