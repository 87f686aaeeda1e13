"""Colours and patterns of the plot. The colours are those of Okabe and Ito, which people with any form of colour blindness can tell apart;
a line also has its own dash pattern and an area its own hatching, so that a grey print shows the same.
"""

from dataclasses import dataclass

from sandbox.report.model import MarkKind

INK, QUIET, GRID, PAPER = "#1a1a1a", "#555555", "#d9d9d9", "#ffffff"
GOOD = "#0072b2"
BLUE, GREEN, ORANGE, VERMILION, PURPLE, SKY, YELLOW = "#0072b2", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442"

LINES: tuple[tuple[str, str | tuple[int, tuple[int, ...]]], ...] = (
    (BLUE, "solid"),
    (VERMILION, (0, (6, 2))),
    (GREEN, (0, (2, 1))),
    (PURPLE, (0, (6, 2, 1, 2))),
    (ORANGE, (0, (1, 1))),
    (SKY, (0, (8, 1, 1, 1, 1, 1))),
)
"""Colour and dash pattern of the first, second, ... line of a panel."""

AREAS = ((VERMILION, "///"), (ORANGE, "\\\\\\"), (PURPLE, "xxx"), (YELLOW, "..."), (INK, "---"), (SKY, "+++"))
"""Colour and hatching of the classes of failed requests, the largest class first."""


@dataclass(frozen=True, slots=True)
class MarkStyle:
    colour: str
    shape: str  # matplotlib's marker
    word: str  # in the legend


MARKS = {
    MarkKind.FAULT: MarkStyle(VERMILION, "v", "fault"),
    MarkKind.DETECTION: MarkStyle(ORANGE, "D", "detected"),
    MarkKind.ALARM: MarkStyle(PURPLE, "s", "alarm"),
    MarkKind.OPERATOR: MarkStyle(INK, "P", "operator"),
    MarkKind.HEALING: MarkStyle(GREEN, "o", "healing"),
    MarkKind.CAPTION: MarkStyle(QUIET, "*", "the real event"),
}
