"""What the shop promises when an Availability Zone loses its power."""

import sys
from pathlib import Path

PROMISE = 80  # percent of the requests of these five minutes: health checks and DNS need more than a minute to leave a dark zone
SERVICE = f"{sys.executable} {Path(__file__).parents[1] / 'service.py'}"


def test_the_shop_survives_the_loss_of_a_zone(service, load, fault):
    shop = service(command=SERVICE, health_check_path="/health", zones=3, size=6)
    clients = load(rate=40, client_timeout=1)
    shop.wait(30)
    fault("zone-power-off", shop.fullest_zone(), lasting=240)
    shop.wait(300)
    assert clients.availability >= PROMISE, clients.losses
    assert shop.until_whole(600)
