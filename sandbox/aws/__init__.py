"""Hosts moto: AWS state and the AWS API in this process. Knows no service's behaviour; services/*/backend.py bring that by seams."""

import sandbox.aws.environment  # noqa: F401 - before any module of this package imports moto
