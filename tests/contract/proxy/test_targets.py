"""Which target gets a request, with which status, and how it is recorded, in every Proxy."""

from collections import Counter

import pytest

from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, DNS, Harness, fixed, forward, group, listener, rule


@proves("TG-24")
def test_round_robin_is_exact(harness: Harness) -> None:
    harness.apply(listener(rule(None, forward("tg"))), group("tg", *(harness.endpoint(name) for name in ("i-a", "i-b", "i-c"))))
    seen = Counter(harness.ask().target for _ in range(30))
    assert seen == {"i-a": 10, "i-b": 10, "i-c": 10}


@proves("TG-35")
def test_unhealthy_targets_get_nothing_until_none_is_healthy(harness: Harness) -> None:
    def served(*healthy: bool) -> set[str | None]:
        endpoints = [harness.endpoint(f"i-{n}", healthy=state) for n, state in enumerate(healthy)]
        harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints))
        return {harness.ask().target for _ in range(12)}

    assert served(True, False, True) == {"i-0", "i-2"}
    assert served(False, False, True) == {"i-2"}
    assert served(False, False, False) == {"i-0", "i-1", "i-2"}  # fail open
    assert served(True, False, False) == {"i-0"}


@proves("TG-35")
def test_one_healthy_target_of_150_gets_everything(harness: Harness) -> None:
    """Envoy's panic threshold in percent would count this as none."""
    good = harness.endpoint("i-good")
    bad = [harness.endpoint("i-refused", healthy=False, behaves="refused")] * 1
    others = [type(good)(target_id=f"i-{n}", host=bad[0].host, port=1 + n, target=f"x:{n}", zone="a", healthy=False) for n in range(149)]
    harness.apply(listener(rule(None, forward("tg"))), group("tg", good, *others))
    assert {harness.ask().target for _ in range(10)} == {"i-good"}


@proves("ALB-24")
def test_weights_divide_requests_and_zero_gets_none(harness: Harness) -> None:
    groups = [group(name, harness.endpoint(f"i-{name}")) for name in ("blue", "green", "off")]
    harness.apply(listener(rule(None, forward(("blue", 3), ("green", 1), ("off", 0)))), *groups)
    seen = Counter(harness.ask().target for _ in range(200))
    assert set(seen) == {"i-blue", "i-green"}
    assert 120 <= seen["i-blue"] <= 180  # 150 ± 5 standard deviations
    harness.apply(listener(rule(None, forward(("blue", 0), ("off", 0)))), *groups)
    assert harness.ask().status == 503


@proves("ALB-34", "ALB-45", "ALB-46")
@pytest.mark.parametrize(("behaves", "status"), [("refused", 502), ("blackhole", 504), ("hang", 504), ("500", 500), ("404", 404)])
def test_the_behaviour_of_the_only_target_decides_the_status(harness: Harness, behaves: str, status: int) -> None:
    endpoint = harness.endpoint(f"i-{behaves}", behaves=behaves)
    harness.apply(listener(rule(None, forward("tg"))), group("tg", endpoint))
    got = harness.ask()
    assert got.status == status
    if status in (502, 504):
        size = {502: 122, 504: 132}[status]
        assert len(got.body) == size and f"<h1>{status} " in got.body


@proves("TG-38", "ALB-34")
@pytest.mark.parametrize("name", ["empty", "unknown"])
def test_without_targets_the_answer_is_503(harness: Harness, name: str) -> None:
    harness.apply(listener(rule(None, forward(name))), group("empty"))
    got = harness.ask()
    assert (got.status, len(got.body)) == (503, 162)
    assert got.body == (
        "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
        "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"
    )


@proves("ALB-39")
def test_a_failed_request_is_not_retried_on_another_target(harness: Harness) -> None:
    endpoints = [harness.endpoint("i-good"), harness.endpoint("i-refused", behaves="refused")]
    harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints))
    assert Counter(harness.ask().status for _ in range(10)) == {200: 5, 502: 5}


@proves("LBM-6")
def test_each_request_is_recorded_once(harness: Harness) -> None:
    endpoints = [harness.endpoint("i-good"), harness.endpoint("i-refused", behaves="refused")]
    harness.apply(
        listener(
            rule(7, fixed("x", 404), path_patterns=("/fixed",)),
            rule(8, forward("empty"), path_patterns=("/empty",)),
            rule(None, forward("tg")),
        ),
        group("tg", *endpoints),
        group("empty"),
    )
    before = len(harness.all_records(0))
    for path in ("/ok", "/ok", "/fixed", "/empty"):
        harness.ask(path)
    records = harness.all_records(before + 4)[before:]
    seen = Counter((r.elb_status_code, r.target_status_code, r.target_group, r.rule_priority, r.actions_executed) for r in records)
    assert seen == {
        (200, 200, "tg", 0, "forward"): 1,
        (502, None, "tg", 0, "forward"): 1,
        (404, None, None, 7, "fixed-response"): 1,
        (503, None, "empty", 8, "forward"): 1,
    }
    good = next(r for r in records if r.elb_status_code == 200)
    assert (good.listener, good.load_balancer, good.target) == (ARN, "app/web/50dc6c495c0c9188", endpoints[0].target)
    assert good.request == f"GET http://{DNS}:80/ok HTTP/1.1"
    assert good.target_processing_time >= 0 and good.time >= good.request_creation_time
    refused = next(r for r in records if r.elb_status_code == 502)
    assert refused.target_connection_error and refused.target_processing_time == -1.0
