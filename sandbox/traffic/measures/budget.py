"""Error budget: what an objective allows to fail in 30 days, and how much of it a run used. `objective`: percent of good intents."""

MONTH = 30 * 24 * 3600.0  # seconds


def error_budget_used(lost: int, intents_per_second: float, objective: float) -> float:
    """Percent of the budget of 30 days: lost ÷ ((1 − objective) × intents expected in 30 days). Raises ValueError at 100 %."""
    return 100.0 * lost / (_allowed(objective) * intents_per_second * MONTH)


def burn_rate(lost: int, intents: int, objective: float) -> float | None:
    """How many times faster than allowed the budget is used: the ratio of lost intents ÷ (1 − objective). None without intents."""
    return lost / intents / _allowed(objective) if intents else None


def availability_of_month(seconds_down: float) -> float:
    """Percent of 30 days, when nothing works for that time and everything else does."""
    return 100.0 * (1 - seconds_down / MONTH)


def budgets_of_outage(seconds_down: float, objective: float) -> float:
    """How many budgets of 30 days a full stop uses."""
    return seconds_down / MONTH / _allowed(objective)


def _allowed(objective: float) -> float:
    if not 0 <= objective < 100:
        raise ValueError(f"no error budget at an objective of {objective:g} %: expected less than 100")
    return 1 - objective / 100
