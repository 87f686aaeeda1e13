"""Why tests of moto's EC2 suite fail at an assertion."""

REASONS: dict[str, str] = {}
