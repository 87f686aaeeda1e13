"""Which rules of docs/aws-behaviour.md a test proves."""

import pytest


def rule(*ids: str) -> pytest.MarkDecorator:
    """Names the rules of docs/aws-behaviour.md that a test proves; `make rules` counts them."""
    return pytest.mark.rule(*ids)
