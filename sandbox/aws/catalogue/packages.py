"""Python packages that a service of moto needs and that are not installed: an installation may leave out what it does not use."""

from importlib.metadata import requires, version

DISTRIBUTIONS = {
    "antlr4": "antlr4-python3-runtime",
    "aws_xray_sdk": "aws-xray-sdk",
    "cfnlint": "cfn-lint",
    "docker": "docker",
    "graphql": "graphql-core",
    "joserfc": "joserfc",
    "jsonpath_ng": "jsonpath_ng",
    "jsonschema": "jsonschema",
    "openapi_spec_validator": "openapi-spec-validator",
    "py_partiql_parser": "py-partiql-parser",
    "pyparsing": "pyparsing",
    "yaml": "PyYAML",
}
"""Module → the distribution that has it, for the optional requirements of moto."""


def what_is_missing(service: str, error: ImportError) -> str:
    """ "the Python package PyYAML is not installed; pip install 'moto[ssm]==5.2.5' installs it". Empty: no package of moto's is missing.

    `service`: moto's name of it ("ssm")."""
    module = (error.name or "").partition(".")[0]
    distribution = DISTRIBUTIONS.get(module)
    if distribution is None:
        return ""
    extra = service if _needs(service, distribution) else "all"
    return f"the Python package {distribution} is not installed; pip install 'moto[{extra}]=={version('moto')}' installs it"


def _needs(extra: str, distribution: str) -> bool:
    wanted = [line for line in requires("moto") or () if line.endswith(f'extra == "{extra}"')]
    return any(line.startswith(distribution) for line in wanted)
