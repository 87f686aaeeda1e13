"""`make rules`: which rules of docs/aws-behaviour.md have a test, which have none, and which ids in tests are not in the document.

`--check` is used by `make check`: it fails if a rule has no test and is not in untested_rules.txt, if a rule of that list has a test, or if
a test names more rules than its assertions can be about. It parses the tests, so that a marker in a comment or a string does not count.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNTESTED = ROOT / "tools/untested_rules.txt"
IMPLEMENTED = (
    *("EC2", "SG", "UD", "IMDS", "DNS", "ASG", "SCL", "CW", "TG", "ALB"),
    *("LBM", "SNS", "SQS", "FIS", "CFN", "ARC", "SSM", "EIC", "TUT", "REQ", "B"),
)
"""Prefixes of the implemented services; the rules of other services are only counted."""
MOST = 3
"""Rules that the decorators of one test may name. A row of a table names its own: `pytest.param(..., marks=rule("TG-20"))`."""


def documented(text: str) -> list[str]:
    """Rule ids in the order of the document: `- **EC2-1** …`, the first column of rule tables (`| FIS-20 | …`), timelines (`B1. …`)."""
    found = re.findall(r"^- \*\*([A-Z0-9]+-\d+)\*\*|^\| ([A-Z0-9]+-\d+) \||^(B\d+)\. ", text, flags=re.MULTILINE)
    return list(dict.fromkeys(a or b or c for a, b, c in found))


def service(rule: str) -> str:
    """`ASG-59` → `ASG`; the end-to-end timelines are all `B`."""
    return rule.rsplit("-", 1)[0] if "-" in rule else "B"


def named(source: str) -> list[str]:
    """Ids in calls of rule(...), under any imported name, and of pytest.mark.rule(...)."""
    tree = ast.parse(source)
    names = _names(tree)
    return [i for node in ast.walk(tree) for i in _ids(node, names)]


def crowded(source: str) -> dict[str, int]:
    """Test → how many rules its decorators name, where that is more than MOST."""
    tree = ast.parse(source)
    names = _names(tree)
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    counts = {test.name: sum(len(_ids(decorator, names)) for decorator in test.decorator_list) for test in tests}
    return {name: count for name, count in counts.items() if count > MOST}


def _names(tree: ast.AST) -> set[str]:
    imported = [a for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "tests.support" for a in n.names]
    return {a.asname or a.name for a in imported if a.name == "rule"} | {"rule"}


def _ids(node: ast.AST, names: set[str]) -> list[str]:
    if not (isinstance(node, ast.Call) and _name(node.func) in names):
        return []
    return [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


# ---- the check


def complaints(without: set[str], listed: set[str], tests: Mapping[str, str]) -> Iterator[str]:
    """The problems that fail `make check`. `without`: rules of implemented services that no test names; `tests`: source by file name."""
    for rule in sorted(without - listed):
        yield f"{rule} has no test. next: write one, with @rule({rule!r}), or add the rule to {UNTESTED.relative_to(ROOT)}"
    for rule in sorted(listed - without):
        yield f"{rule} is tested or no longer documented. next: remove it from {UNTESTED.relative_to(ROOT)}"
    for file, source in tests.items():
        for test, count in crowded(source).items():
            yield f"{file}: {test} names {count} rules, at most {MOST} are allowed. next: split it, or mark the rows of its table"


def check(without: set[str], tests: Mapping[str, str]) -> int:
    found = list(complaints(without, set(UNTESTED.read_text().split()), tests))
    for sentence in found:
        print(f"rules: {sentence}")
    return 1 if found else 0


# ---- the report


def report(rules: list[str], tested: Mapping[str, int]) -> None:
    by_prefix: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        by_prefix[service(rule)].append(rule)
    for prefix, ids in by_prefix.items():
        without = [i for i in ids if not tested.get(i)]
        status = "" if prefix in IMPLEMENTED else "  (service not implemented yet)"
        print(f"{prefix:5} {len(ids) - len(without):3} of {len(ids):3} rules have a test{status}")
        if without and prefix in IMPLEMENTED and "--all" in sys.argv:
            print("      without: " + " ".join(without))
    total = sum(1 for r in rules if tested.get(r) and service(r) in IMPLEMENTED)
    of = sum(1 for r in rules if service(r) in IMPLEMENTED)
    print(f"total {total:3} of {of:3} rules of the implemented services have a test, named {sum(tested.values())} times")


def main() -> int:
    rules = documented((ROOT / "docs/aws-behaviour.md").read_text())
    tests = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    tested = Counter(i for source in tests.values() for i in named(source))
    unknown = sorted(set(tested) - set(rules))
    if unknown:
        print("not in docs/aws-behaviour.md, but named by tests: " + " ".join(unknown))
    if "--check" in sys.argv:
        without = {r for r in rules if not tested[r] and service(r) in IMPLEMENTED}
        return check(without, tests) or bool(unknown)
    report(rules, tested)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
