"""Badges: a label, a state and an uptime as an image for other pages."""

import html
import math

LETTER = 6.6  # of 11 px Verdana, on average
PADDING = 10
COLOURS = {"ok": "#147a4b", "degraded": "#8a5a00", "error": "#c3271f", "unknown": "#59636e"}


def svg(label: str, state: str, uptime: float | None, span: str) -> str:
    """Render the image.

    Args:
        label: The name of what is watched.
        state: `ok`, `degraded`, `error` or `unknown`.
        uptime: The share of the known time in which writes succeeded; None to omit it.
        span: The range of the uptime, such as `30d`.
    """
    value = state if uptime is None else f"{state}, {_percent(uptime)} in {span}"
    left, right = (round(len(text) * LETTER + 2 * PADDING) for text in (label, value))
    name, shown = html.escape(label), html.escape(value)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{name}: {shown}"><title>{name}: {shown}</title>'
        f'<path fill="#444" d="M0 0h{left}v20H0Z"/>'
        f'<path fill="{COLOURS[state]}" d="M{left} 0h{right}v20H{left}Z"/>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" '
        f'font-size="11"><text x="{left / 2}" y="14">{name}</text>'
        f'<text x="{left + right / 2}" y="14">{shown}</text></g></svg>'
    )


def _percent(share: float) -> str:
    """Format a share; never round it up to 100 %."""
    return "100 %" if share == 1 else f"{math.floor(share * 10_000) / 100:.2f} %"
