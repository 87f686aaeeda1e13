"""A line chart as PNG: title, axes with round steps, lines, thresholds, legend. Drawn by Pillow; independent of CloudWatch."""

import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image, ImageColor, ImageDraw, ImageFont

COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
INK, GRID, THRESHOLD = "#16191f", "#e5e7eb", "#d13212"
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 32, 24
LEGEND_LINE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    label: str
    points: tuple[tuple[int, float], ...]  # (seconds since 1970, value), ascending
    color: str | None = None  # "#1f77b4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    width: int
    height: int
    title: str
    lines: tuple[Line, ...]
    span: tuple[int, int]  # seconds since 1970
    thresholds: tuple[tuple[float, str], ...] = ()
    lowest: float | None = None  # None: from the data
    highest: float | None = None
    numbers_only: bool = False  # the newest values, no lines


def png(plot: Plot) -> bytes:
    image = Image.new("RGB", (plot.width, plot.height), "white")
    canvas = _Canvas(ImageDraw.Draw(image), plot)
    canvas.draw()
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


class _Canvas:
    def __init__(self, pen: ImageDraw.ImageDraw, plot: Plot) -> None:
        self._pen, self._plot = pen, plot
        self._font = ImageFont.load_default(11)
        legend = LEGEND_LINE * min(len(plot.lines), 6)
        self._box = (LEFT, TOP, plot.width - RIGHT, plot.height - BOTTOM - legend)
        self._low, self._high, self._step = _scale(plot)

    def draw(self) -> None:
        self._pen.text((LEFT, 8), self._plot.title, fill=INK, font=ImageFont.load_default(14))
        if self._plot.numbers_only:
            self._numbers()
            return
        self._values_axis()
        self._time_axis()
        for number, line in enumerate(self._plot.lines):
            self._line(line, _color(line, number))
        for value, label in self._plot.thresholds:
            self._threshold(value, label)
        self._legend()

    def _x(self, at: float) -> float:
        first, last = self._plot.span
        return self._box[0] + (at - first) / (last - first) * (self._box[2] - self._box[0])

    def _y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return self._box[3] - min(max(share, 0.0), 1.0) * (self._box[3] - self._box[1])

    def _values_axis(self) -> None:
        value = self._low
        while value <= self._high + self._step / 1000:
            y = self._y(value)
            self._pen.line((self._box[0], y, self._box[2], y), fill=GRID)
            self._pen.text((self._box[0] - 6, y), _short(value), fill=INK, font=self._font, anchor="rm")
            value += self._step

    def _time_axis(self) -> None:
        first, last = self._plot.span
        for part in range(5):
            at = first + (last - first) * part / 4
            form = "%H:%M" if last - first <= 86_400 else "%m/%d"
            anchor = {0: "lm", 4: "rm"}.get(part, "mm")
            text = datetime.fromtimestamp(at, UTC).strftime(form)
            self._pen.text((self._x(at), self._box[3] + 10), text, fill=INK, font=self._font, anchor=anchor)

    def _line(self, line: Line, color: str) -> None:
        spots = [(self._x(at), self._y(value)) for at, value in line.points]
        if len(spots) > 1:
            self._pen.line(spots, fill=color, width=2, joint="curve")
        for x, y in spots if len(spots) <= 60 else ():
            self._pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=color)

    def _threshold(self, value: float, label: str) -> None:
        y = self._y(value)
        self._pen.line((self._box[0], y, self._box[2], y), fill=THRESHOLD)
        self._pen.text((self._box[2], y - 8), label, fill=THRESHOLD, font=self._font, anchor="rm")

    def _legend(self) -> None:
        top = self._box[3] + BOTTOM
        for number, line in enumerate(self._plot.lines[:6]):
            y = top + LEGEND_LINE * number
            self._pen.rectangle((LEFT, y + 2, LEFT + 10, y + 10), fill=_color(line, number))
            self._pen.text((LEFT + 16, y), line.label, fill=INK, font=self._font)

    def _numbers(self) -> None:
        for number, line in enumerate(self._plot.lines):
            y = TOP + 44 * number
            value = _short(line.points[-1][1]) if line.points else "--"
            self._pen.text((LEFT, y), value, fill=_color(line, number), font=ImageFont.load_default(24))
            self._pen.text((LEFT, y + 28), line.label, fill=INK, font=self._font)


def _color(line: Line, number: int) -> str:
    default = COLORS[number % len(COLORS)]
    try:
        ImageColor.getrgb(line.color or default)
    except ValueError:  # not a color
        return default
    return line.color or default


def _scale(plot: Plot) -> tuple[float, float, float]:
    """Lowest and highest value of the axis and the step of its marks: 1, 2 or 5 times a power of ten."""
    values = [value for line in plot.lines for _, value in line.points] + [value for value, _ in plot.thresholds]
    low = plot.lowest if plot.lowest is not None else min([0.0, *values])
    high = plot.highest if plot.highest is not None else max([*values, low])
    if high <= low:
        high = low + 1.0
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * 0.999)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def _short(value: float) -> str:
    """`1.5M`, `20`, `0.25`"""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"
