"""Drawings as SVG, made on the server: the metric of an alarm with its threshold, and the timeline. They need no script, and print."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.control.observed.model import Point
from sandbox.dashboard.shown.timeline import STEPS, Timeline

WIDTH, HEIGHT = 300.0, 80.0
TALLEST = 30.0  # of the timeline's bars
PADDING = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPlot:
    """Coordinates of a drawing of WIDTH × HEIGHT."""

    lines: tuple[str, ...]  # `points` of polylines: a gap in the data is a gap in the drawing
    dots: tuple[tuple[str, str], ...]  # single datapoints between gaps
    threshold: str | None  # y
    low: str  # the values at the bottom and at the top
    high: str
    first: str  # clock times at the left and at the right
    last: str


def metric(points: Sequence[Point], threshold: float | None) -> MetricPlot | None:
    """None: there is no data."""
    values = [point.value for point in points if point.value is not None]
    if not values:
        return None
    low, high = _range([*values, *([threshold] if threshold is not None else [])])
    step = WIDTH / max(1, len(points) - 1)

    def y(value: float) -> float:
        return HEIGHT - PADDING - (value - low) / (high - low) * (HEIGHT - 2 * PADDING)

    pieces = [[(n * step, y(value)) for n, value in piece] for piece in _pieces(points)]
    return MetricPlot(
        lines=tuple(" ".join(f"{a:.1f},{b:.1f}" for a, b in piece) for piece in pieces if len(piece) > 1),
        dots=tuple((f"{piece[0][0]:.1f}", f"{piece[0][1]:.1f}") for piece in pieces if len(piece) == 1),
        threshold=f"{y(threshold):.1f}" if threshold is not None else None,
        low=f"{low:g}",
        high=f"{high:g}",
        first=f"{points[0].at:%H:%M}",
        last=f"{points[-1].at:%H:%M}",
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(0.0, *values), max(values)
    return (low, high) if high > low else (low, low + 1)


def _pieces(points: Sequence[Point]) -> Iterator[list[tuple[int, float]]]:
    """Neighbouring datapoints, with their positions."""
    piece: list[tuple[int, float]] = []
    for n, point in enumerate(points):
        if point.value is not None:
            piece.append((n, point.value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def bars(timeline: Timeline) -> tuple[tuple[int, str, str], ...]:
    """(step, y, height) of the timeline's bars. The height is that of the root of the count, so that few events are seen beside many."""
    most = max(timeline.counts, default=0)
    heights = [(n, TALLEST * (count / most) ** 0.5) for n, count in enumerate(timeline.counts) if count]
    return tuple((n, f"{TALLEST - max(2.0, height):.1f}", f"{max(2.0, height):.1f}") for n, height in heights)


__all__ = ["HEIGHT", "STEPS", "TALLEST", "WIDTH", "MetricPlot", "bars", "metric"]
