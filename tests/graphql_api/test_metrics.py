"""The counters as Prometheus reads them: whatever was counted, a histogram climbs to its count."""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.metrics import BUCKETS, Metrics

SAMPLE = re.compile(r'(?P<name>[a-z_]+)\{(?P<labels>[a-zA-Z_]+="[^"\n\\]*"(?:,[a-z]+="[^"\n\\]*")*)\} (?P<value>\S+)')


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Every sample by name and labels; a line that is neither a sample nor a comment is a mistake."""
    found = {}
    text = metrics.text()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            continue
        read = SAMPLE.fullmatch(line)
        assert read is not None, line
        found[read["name"], read["labels"]] = float(read["value"])
    return found


def test_nothing_counted_is_nothing_told() -> None:
    assert samples(Metrics()) == {}


@given(st.lists(st.tuples(st.sampled_from(["query", "mutation"]), st.sampled_from([200, 400]), st.floats(0, 60))))
def test_a_histogram_climbs_to_its_count(requests: list[tuple[str, int, float]]) -> None:
    metrics = Metrics()
    for kind, status, seconds in requests:
        metrics.request(kind, status, seconds)
    found = samples(metrics)
    for kind in {kind for kind, _, _ in requests}:
        took = [seconds for one, _, seconds in requests if one == kind]
        for status in (200, 400):
            expected = sum((one, code) == (kind, status) for one, code, _ in requests)
            assert found.get(("zhudai_requests_total", f'kind="{kind}",status="{status}"'), 0) == expected
        climbed = [found["zhudai_request_seconds_bucket", f'kind="{kind}",le="{bound}"'] for bound in BUCKETS]
        assert climbed == [sum(one <= bound for one in took) for bound in BUCKETS]
        assert found["zhudai_request_seconds_bucket", f'kind="{kind}",le="+Inf"'] == len(took)
        assert found["zhudai_request_seconds_count", f'kind="{kind}"'] == len(took)
        assert math.isclose(found["zhudai_request_seconds_sum", f'kind="{kind}"'], sum(took), abs_tol=1e-5)


@pytest.mark.parametrize(("seconds", "bound"), [(0.0, 0.005), (0.005, 0.005), (0.0051, 0.01), (10.0, 10.0)])
def test_a_bound_is_inside_its_bucket(seconds: float, bound: float) -> None:
    metrics = Metrics()
    metrics.request("query", 200, seconds)
    found = samples(metrics)
    first = next(one for one in BUCKETS if found["zhudai_request_seconds_bucket", f'kind="query",le="{one}"'])
    assert first == bound


def test_errors_are_counted_by_code_from_many_threads() -> None:
    metrics = Metrics()
    with ThreadPoolExecutor(8) as pool:
        for one in range(400):
            pool.submit(metrics.error, f"CODE_{one % 2}")
            pool.submit(metrics.request, "query", 200, 0.5)
    found = samples(metrics)
    assert found["zhudai_errors_total", 'code="CODE_0"'] == found["zhudai_errors_total", 'code="CODE_1"'] == 200
    assert found["zhudai_request_seconds_sum", 'kind="query"'] == 200.0
