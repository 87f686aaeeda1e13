"""Why tests of moto's Auto Scaling suite fail at an assertion."""

REASONS: dict[str, str] = {}
