"""No place where moto makes a regular expression of what a caller wrote is left out of sandbox/aws/hosting/moto_patterns.py."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import moto

import sandbox.aws.hosting.moto_patterns
from sandbox.aws import seams
from sandbox.aws.function_seams import FunctionSwap


def declared() -> list[FunctionSwap]:
    swaps = [swap for swap in seams.REGISTRY._swaps if isinstance(swap, FunctionSwap)]
    return [swap for swap in swaps if swap.ours.__module__ == sandbox.aws.hosting.moto_patterns.__name__]


def test_every_swap_fits_the_moto_that_is_installed() -> None:
    for swap in declared():
        import_module(swap.module)
    seams.install()
    assert declared()
    assert [swap.name for swap in declared() if swap.theirs is None] == []


NEEDS = {"stepfunctions/parser": "antlr4"}
"""Packages of moto's that are not installed, so that these do not run here: executions of state machines are refused."""

FROM_MOTO = {
    "apigateway/models.py": {"APIGatewayBackend.put_integration"},  # with the account's id
    "awslambda/models.py": {"LambdaStorage.put_function"},
    "cognitoidp/utils.py": {"validate_username_format"},
    "core/botocore_stubber.py": {"BotocoreStubber.process_request"},
    "core/config.py": {"passthrough_url"},
    "core/routing.py": {"_host_prefix_regex"},
    "ec2/utils.py": {"is_valid_resource_id", "simple_aws_filter_to_re"},  # nobody calls the second any more
    "ecs/models.py": {"EC2ContainerServiceBackend._parse_resource_arn"},
    "glue/glue_schema_registry_utils.py": {"validate_param_pattern_and_length"},
    "greengrass/models.py": {"GreengrassBackend._validate_group_version_definitions"},
    "logs/responses.py": {"validate_param"},
    "managedblockchain/models.py": {"ManagedBlockchainBackend.create_node"},
    "moto_proxy/proxy3.py": {"MotoRequestHandler.get_handler_for_host"},
    "organizations/utils.py": {"fullmatch"},
    "s3/responses.py": {"S3Response.subdomain_based_buckets", "S3Response._invalid_headers"},
    "secretsmanager/utils.py": {"_exclude_characters"},  # one character
}
"""Functions that make a pattern of what moto or its settings say, not of what a caller says."""

FUNCTIONS = ("compile", "match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split", "fnmatch", "translate")
MATCHES = re.compile(rf"\b(re|fnmatch)\.({'|'.join(FUNCTIONS)})\(")


def constant(node: ast.expr, known: set[str]) -> bool:
    """Whether the pattern is written in moto: a text, a name in capitals, a name that only such texts are assigned to, or `re.escape`."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").isupper() or name in known
        case ast.BinOp(left=left, right=right):
            return constant(left, known) and constant(right, known)
        case ast.JoinedStr(values=values):
            return all(constant(value, known) for value in values)
        case ast.FormattedValue(value=value):
            return constant(value, known)
        case ast.Call(func=ast.Attribute(attr="escape")):
            return True
    return False


def assigned_texts(scope: ast.AST) -> set[str]:
    texts: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.AugAssign):
            others.add(getattr(node.target, "id", ""))
        elif isinstance(node, ast.Assign):
            names = {name for target in node.targets if (name := getattr(target, "id", getattr(target, "attr", "")))}
            compiled = isinstance(node.value, ast.Call) and getattr(node.value.func, "attr", "") == "compile"
            (texts if compiled or constant(node.value, set()) else others).update(names)
    return texts - others


def made_patterns(text: str) -> Iterator[str]:
    """The functions that match with, or compile, a pattern that is not constant."""
    if not MATCHES.search(text):
        return
    tree, lines = ast.parse(text), text.splitlines()
    module_texts = {name for node in tree.body if isinstance(node, ast.Assign) for name in assigned_texts(node)}
    for owner in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
        functions = [node for node in owner.body if isinstance(node, ast.FunctionDef) and MATCHES.search(_source(node, lines))]
        known = module_texts | (_attributes(owner) if functions else set())
        yield from (prefix + each.name for each in functions if _makes_a_pattern(each, known | assigned_texts(each)))


def _source(function: ast.FunctionDef, lines: list[str]) -> str:
    return "\n".join(lines[function.lineno - 1 : function.end_lineno])


def _attributes(owner: ast.Module | ast.ClassDef) -> set[str]:
    """Names of compiled patterns that the class keeps, on itself or on its instances."""
    return assigned_texts(owner) if isinstance(owner, ast.ClassDef) else set()


def _makes_a_pattern(function: ast.FunctionDef, known: set[str]) -> bool:
    return any(_is_made(node, known) for node in ast.walk(function))


def _is_made(node: ast.AST, known: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="fnmatch"), attr="fnmatch"), args=[_, pattern]):
            return not constant(pattern, known)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re" | "fnmatch"), attr=name), args=[pattern, *_]) if name in FUNCTIONS:
            return not constant(pattern, known)
    return False


def test_every_place_where_moto_matches_a_caller_s_pattern_is_swapped() -> None:
    root = Path(moto.__file__).parent
    found = set()
    for path in sorted(root.rglob("*.py")):
        file = str(path.relative_to(root))
        if not file.startswith(tuple(f"{folder}/" for folder in NEEDS)):
            found |= {(file, name) for name in made_patterns(path.read_text())}
    swapped = {(swap.module.removeprefix("moto.").replace(".", "/") + ".py", swap.name) for swap in declared()}
    assert found - swapped == {(file, name) for file, names in FROM_MOTO.items() for name in names}
    assert swapped - found == set()


def test_services_whose_packages_are_not_installed_do_not_run() -> None:
    assert [package for package in NEEDS.values() if find_spec(package)] == []
