"""`make rules`: which rules of docs/aws-behaviour.md have a test, which have none, and any id that a test names and the document lacks.

Reads the tests as syntax trees, so that a marker in a comment or a string does not count.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPLEMENTED = ("EC2", "UD", "DNS", "ASG", "SCL", "CW", "TG", "ALB", "LBM", "SNS", "TUT", "B")
"""Prefixes of the services that exist here; the rules of the others are only counted."""


def documented(text: str) -> list[str]:
    """Rule ids in the order of the document: `- **EC2-1** …`, the first column of rule tables (`| FIS-20 | …`), timelines (`B1. …`)."""
    found = re.findall(r"^- \*\*([A-Z0-9]+-\d+)\*\*|^\| ([A-Z0-9]+-\d+) \||^(B\d+)\. ", text, flags=re.MULTILINE)
    return list(dict.fromkeys(a or b or c for a, b, c in found))


def service(rule: str) -> str:
    """`ASG-59` → `ASG`; the end-to-end timelines are all `B`."""
    return rule.rsplit("-", 1)[0] if "-" in rule else "B"


def named(source: str) -> list[str]:
    """Ids that calls of rule(...), under whatever name it was imported, or of pytest.mark.rule(...) name."""
    nodes = list(ast.walk(ast.parse(source)))
    imported = [a for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "tests.support" for a in n.names]
    names = {a.asname or a.name for a in imported if a.name == "rule"} | {"rule"}
    ids = []
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func) in names:
            ids += [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return ids


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def main() -> int:
    rules = documented((ROOT / "docs/aws-behaviour.md").read_text())
    tested = Counter(i for path in sorted((ROOT / "tests").rglob("test_*.py")) for i in named(path.read_text()))
    by_prefix: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        by_prefix[service(rule)].append(rule)
    for prefix, ids in by_prefix.items():
        without = [i for i in ids if not tested[i]]
        status = "" if prefix in IMPLEMENTED else "  (service not implemented yet)"
        print(f"{prefix:5} {len(ids) - len(without):3} of {len(ids):3} rules have a test{status}")
        if without and prefix in IMPLEMENTED and "--all" in sys.argv:
            print("      without: " + " ".join(without))
    total = sum(1 for r in rules if tested[r] and service(r) in IMPLEMENTED)
    of = sum(1 for r in rules if service(r) in IMPLEMENTED)
    print(f"total {total:3} of {of:3} rules of the implemented services have a test, named {sum(tested.values())} times")
    unknown = sorted(set(tested) - set(rules))
    if unknown:
        print("named by tests and not in docs/aws-behaviour.md: " + " ".join(unknown))
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
