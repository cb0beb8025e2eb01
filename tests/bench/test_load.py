import pytest

from bench.load import of_wrk

SAID = """\
Running 1s test @ http://127.0.0.1:8080/livez
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    12.39ms   11.02ms  94.44ms   91.99%
    Req/Sec     3.01k   408.25     3.62k    70.00%
  Latency Distribution
     50%  980.00us
     75%   12.76ms
     90%   21.11ms
     99%    1.05s
  3010 requests in 1.01s, 1.57MB read
Requests/sec:   2984.21
Transfer/sec:      1.55MB
"""


def test_wrks_output_is_read_in_milliseconds() -> None:
    found = of_wrk(SAID)

    assert (found.requests, found.per_second) == (3010, 2984.21)
    assert found.p50_ms == pytest.approx(0.98)
    assert found.p99_ms == pytest.approx(1050)
    assert found.failed == 0


def test_broken_connections_and_bad_answers_are_failures() -> None:
    errors = "  Socket errors: connect 0, read 1, write 0, timeout 2\n"
    bad = "  Non-2xx or 3xx responses: 4\n"

    assert of_wrk(SAID + errors).failed == 3
    assert of_wrk(SAID + bad).failed == 4
    assert of_wrk(SAID + errors + bad).failed == 7
