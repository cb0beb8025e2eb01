"""What a month costs, from one dated list of prices."""

import json
from pathlib import Path

from stack.settings import Settings

PRICES = Path(__file__).with_name("prices.json")
MONTH_S = 30.4 * 24 * 3600


def monthly_usd(settings: Settings) -> float:
    """An estimate in USD, without traffic, taxes, and what already existed."""
    prices = json.loads(PRICES.read_text())
    app = settings.api_instances * prices["app"][settings.api_size]
    app += prices["app"][settings.worker_size]
    clusters = sum(
        cluster.nodes * prices[cluster.kind][cluster.size]
        for cluster in settings.clusters
        if cluster.existing is None
    )
    secret = prices["secret"] if settings.secret_arn is None else 0
    calls = MONTH_S / settings.interval_seconds / 10_000 * prices["calls_per_10000"]
    return round(float(app + clusters + secret + calls), 2)
