"""`python -m bench.flood URL CONNECTIONS SECONDS`: load where no wrk is installed.

Each connection sends one fixed request and waits for its answer. It costs a core more than wrk
does, so absolute figures come out lower; ratios stay comparable within a run.
"""

import asyncio
import sys
import time
from urllib.parse import urlsplit

import uvloop

from bench.load import Load
from bench.numbers import percentile

HEAD_END = b"\r\n\r\n"


class RepeatingClient(asyncio.Protocol):
    """One connection: request, measure, repeat, until stopped."""

    def __init__(self, request: bytes, latencies: list[float], until: float) -> None:
        self.failed = 0
        self.done = asyncio.get_running_loop().create_future()
        self._request = request
        self._latencies = latencies
        self._until = until
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # TCP's
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(HEAD_END)
        if not found or len(body) < _length(head):
            return
        self._buffer = b""
        self._latencies.append(time.perf_counter() - self._sent_at)
        self.failed += not head.startswith(b"HTTP/1.1 200")
        if time.perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += exc is not None
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


async def flood(url: str, connections: int, seconds: float) -> Load:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    started, latencies = time.perf_counter(), list[float]()
    until, loop = started + seconds, asyncio.get_running_loop()

    def client() -> RepeatingClient:
        return RepeatingClient(request, latencies, until)

    opened = [
        (await loop.create_connection(client, str(parts.hostname), parts.port or 80))[1]
        for _ in range(connections)
    ]
    await asyncio.wait([each.done for each in opened], timeout=seconds + 10)
    took_s = time.perf_counter() - started
    return Load(
        requests=len(latencies),
        per_second=len(latencies) / took_s,
        p50_ms=percentile(latencies, 0.5) * 1000,
        p99_ms=percentile(latencies, 0.99) * 1000,
        failed=sum(each.failed for each in opened),
    )


if __name__ == "__main__":
    print(uvloop.run(flood(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))).model_dump_json())
