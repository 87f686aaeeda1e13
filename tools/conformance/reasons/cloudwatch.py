"""Why tests of moto's CloudWatch suite fail at an assertion."""

REASONS: dict[str, str] = {}
