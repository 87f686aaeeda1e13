"""AWS's text formats, such as times in activity causes and state reasons."""

from datetime import datetime


def at(moment: datetime) -> str:
    """`2026-01-02T03:04:05Z`: the placeholder T in the texts of the rules (ASG-57)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def plural(count: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
