"""Why tests of moto's SQS suite fail at an assertion."""

REASONS: dict[str, str] = {}
