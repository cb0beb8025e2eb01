"""Estimate the cost of a month, from a dated list of prices."""

import json
from pathlib import Path

from stack.settings import Settings

PRICES = Path(__file__).with_name("prices.json")
MONTH_S = 30.4 * 24 * 3600
CALLS_A_CYCLE = 2  # of Secrets Manager: describe the secret, update its description


def unpriced(settings: Settings) -> list[str]:
    """List the sizes without a price, which the estimate omits."""
    prices = json.loads(PRICES.read_text())
    return sorted(
        {
            size if part in prices else f"{size} of {part}"
            for part, size, _ in _parts(settings)
            if size not in prices.get(part, {})
        }
    )


def monthly_usd(settings: Settings) -> float:
    """Estimate USD a month, without traffic, taxes, existing resources and unpriced sizes."""
    prices = json.loads(PRICES.read_text())
    parts = sum(count * prices.get(part, {}).get(size, 0) for part, size, count in _parts(settings))
    secret = prices["secret"] if settings.secret_arn is None else 0
    bucket = any(each.existing is None for each in settings.spaces) * prices["spaces"]
    cycles = MONTH_S / settings.interval_seconds
    puts = len(settings.s3) * cycles / 1000 * prices["puts_per_1000"]
    calls = CALLS_A_CYCLE * cycles / 10_000 * prices["calls_per_10000"]
    return round(float(parts + secret + bucket + puts + calls), 2)


def _parts(settings: Settings) -> list[tuple[str, str, int]]:
    """List the parts that are priced by size: the price list, the size, and the number."""
    clusters = [c for c in settings.clusters if c.existing is None]
    return [
        ("app", settings.api_size, settings.api_instances),
        ("app", settings.worker_size, settings.worker_instances),
        *((c.kind, c.size, c.nodes) for c in clusters),
    ]
