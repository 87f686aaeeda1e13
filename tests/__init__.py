import sandbox.aws  # noqa: F401 - sets moto's environment before any test imports moto
