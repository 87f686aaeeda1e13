"""Why tests of moto's SNS suite fail at an assertion."""

REASONS: dict[str, str] = {}
