"""The search expression of SEARCH(): `{AWS/EC2,InstanceId} MetricName="CPUUtilization" i-0a1`. Finds stored metrics.

Supported: the schema in braces, words that must all occur (AND), `Property=value` and exact "quoted" values. Refused: OR, NOT and
parentheses.
"""

import re
from dataclasses import dataclass

from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.errors import validation

MAX_RESULTS = 500

_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*")
_TERM = re.compile(r"""\s*(?:(?P<property>[\w/.\-]+)\s*=\s*)?(?:"(?P<exact>[^"]*)"|(?P<word>[^\s"=]+))""")
_UNSUPPORTED = {"OR", "NOT"}


@dataclass(frozen=True, slots=True)
class Term:
    property: str | None  # "MetricName", "Namespace" or a dimension; None: anywhere
    text: str
    exact: bool

    def matches(self, metric: MetricId) -> bool:
        return any(self._fits(text) for text in self._texts(metric))

    def _texts(self, metric: MetricId) -> list[str]:
        texts = {"MetricName": [metric.name], "Namespace": [metric.namespace]}
        if self.property is None:
            return [metric.namespace, metric.name, *(part for pair in metric.dimensions for part in pair)]
        return texts.get(self.property) or [value for name, value in metric.dimensions if name == self.property]

    def _fits(self, text: str) -> bool:
        return text == self.text if self.exact else self.text.lower() in text.lower()


@dataclass(frozen=True, slots=True)
class Search:
    namespace: str | None
    dimensions: frozenset[str]
    terms: tuple[Term, ...]

    def matches(self, metric: MetricId) -> bool:
        if self.namespace is not None:
            names = frozenset(name for name, _ in metric.dimensions)
            if metric.namespace != self.namespace or names != self.dimensions:
                return False
        return all(term.matches(metric) for term in self.terms)


def parse(text: str) -> Search:
    """Raises ValidationError for what is not supported."""
    namespace, names, at, end = None, frozenset[str](), 0, len(text.rstrip())
    if schema := _SCHEMA.match(text):
        namespace, *dimensions = (part.strip().strip('"') for part in schema[1].split(","))
        names, at = frozenset(dimensions), schema.end()
    terms = []
    while at < end:
        match = _TERM.match(text, at)
        if match is None or match["word"] in _UNSUPPORTED or (match["word"] or "")[:1] in ("(", ")"):
            raise validation(f"Error in search expression '{text}': OR, NOT and parentheses are not supported by this sandbox.")
        if match["word"] != "AND":
            terms.append(_term(match))
        at = match.end()
    return Search(namespace, names, tuple(terms))


def _term(match: re.Match[str]) -> Term:
    exact = match["exact"] is not None
    return Term(match["property"], match["exact"] if exact else match["word"], exact)
