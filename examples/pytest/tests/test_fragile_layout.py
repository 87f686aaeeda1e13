"""The control: the same promise for a layout that cannot keep it. It fails, and its report shows why: run it with `pytest -m control`."""

import pytest
from test_zone_outage import PROMISE, SERVICE


@pytest.mark.control
def test_a_shop_that_finds_dark_targets_after_five_minutes_loses_too_much(service, load, fault):
    shop = service(command=SERVICE, health_check_path="/health", zones=2, size=2, interval=60, unhealthy=5)
    clients = load(rate=40, client_timeout=1)
    shop.wait(30)
    fault("zone-power-off", shop.fullest_zone(), lasting=240)
    shop.wait(300)
    assert clients.availability >= PROMISE, clients.losses
