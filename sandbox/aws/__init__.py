"""Hosts moto: AWS state and the AWS API in this process. It contains no service's behaviour: services/*/api add that through seams."""

import sandbox.aws.environment  # noqa: F401 - before any module of this package imports moto
