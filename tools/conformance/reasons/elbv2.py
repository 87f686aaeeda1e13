"""Why tests of moto's Elastic Load Balancing suite fail at an assertion."""

REASONS: dict[str, str] = {}
