"""Reads a lesson's file: YAML front matter between two lines `---`, then Markdown.

    ---
    number: 1
    title: A load balancer that nobody reaches
    minutes: 10
    rules: [TUT-30]
    steps:
      - text: Create a target group for HTTP on port 80.
        check: {target-group: {port: 80}}  # or a list of such mappings, if it has one check twice
        hint: aws elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id …
    question:
      text: Your only instance is terminated. What do clients see?
      choices: {SUCCEEDED: Nothing., FAILED: Errors until the replacement is healthy.}
      scenario: instance_terminate
      profile: tutorial
    try: {scenario: zone_outage, profile: tutorial, own: true, demand: 105}  # what `sandbox learn try` runs
    ---
    Read this first …

A mistake raises UserError with the file, the line and what was expected.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.core.errors import UserError
from sandbox.learn.checks.table import CHECKS
from sandbox.learn.lesson import Condition, Lesson, Question, Step, Trial

KEYS = {"number", "title", "minutes", "rules", "steps", "question", "try"}
STEP_KEYS = {"text", "check", "hint", "why"}
TRIAL_KEYS = {"scenario", "profile", "own", "demand"}
QUESTION_KEYS = {"text", "choices", "scenario", "profile", "knobs"}
VERDICTS = ("SUCCEEDED", "FAILED", "CAPACITY_CHECK_FAILED")
LINE = "__line__"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Every mapping knows its line."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        return {**super().construct_mapping(node, deep=True), LINE: node.start_mark.line + 2}


class _Wrong(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def read(path: Path) -> Lesson:
    """Raises UserError."""
    try:
        return parse(path.read_text(), path)
    except OSError as error:
        raise UserError(f"Cannot read the lesson {path}: {error.strerror}.", "sandbox learn list") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: the lesson is not UTF-8 text.", "sandbox learn list") from error


def parse(text: str, path: Path) -> Lesson:
    try:
        front, body = _split(text)
        return _lesson(_yaml(front), body, path)
    except _Wrong as error:
        raise UserError(f"{path}, line {error.line}: {error.reason}", "sandbox learn checks") from error


def _split(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != "---":
        raise _Wrong(1, "a lesson begins with a line ---, its front matter, and another line ---.")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        raise _Wrong(len(lines), "the front matter has no end: a line --- is missing.")
    return "".join(lines[1:end]), "".join(lines[end + 1 :]).strip()


def _yaml(front: str) -> Mapping[str, Any]:
    try:
        found = yaml.load(front, _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise _Wrong(line, f"this is no YAML: {error.problem or error}.") from error
    if not isinstance(found, dict):
        raise _Wrong(2, "the front matter is a mapping: title: …, steps: ….")
    return found


def _lesson(given: Mapping[str, Any], body: str, path: Path) -> Lesson:
    _known(given, KEYS, "the front matter")
    steps = _needed(given, "steps", list)
    if not steps:
        raise _Wrong(given[LINE], "steps is empty.")
    question, trial = given.get("question"), given.get("try")
    return Lesson(
        name=path.stem,
        number=_optional(given, "number", int, 0),
        title=_needed(given, "title", str),
        minutes=_optional(given, "minutes", int, 10),
        rules=tuple(str(rule) for rule in _optional(given, "rules", list, [])),
        steps=tuple(_step(_mapping(each, given, "a step")) for each in steps),
        body=body,
        path=path,
        question=None if question is None else _question(_mapping(question, given, "question")),
        trial=None if trial is None else _trial(_mapping(trial, given, "try")),
    )


def _step(given: Mapping[str, Any]) -> Step:
    _known(given, STEP_KEYS, "a step")
    return Step(
        text=_needed(given, "text", str),
        conditions=tuple(_conditions(given)),
        hint=_optional(given, "hint", str, ""),
        why=_optional(given, "why", str, ""),
    )


def _conditions(given: Mapping[str, Any]) -> Iterator[Condition]:
    several = isinstance(given.get("check"), list)
    for each in _needed(given, "check", list) if several else [_needed(given, "check", dict)]:
        checks = _mapping(each, given, "a check")
        if len(checks) == 1:
            raise _Wrong(checks[LINE], f"check is empty. There are {', '.join(sorted(CHECKS))}.")
        yield from (_condition(name, parameters, checks[LINE]) for name, parameters in checks.items() if name != LINE)


def _condition(name: str, given: Any, line: int) -> Condition:
    check = CHECKS.get(name)
    if check is None:
        raise _Wrong(line, f"there is no check {name!r}. There are {', '.join(sorted(CHECKS))}.")
    parameters = {} if given is None else given
    if not isinstance(parameters, dict):
        raise _Wrong(line, f"the parameters of {name} are a mapping: {name}: {{…}}.")
    for key, value in parameters.items():
        if key != LINE:
            _parameter(name, check.parameters, key, value, parameters[LINE])
    if missing := [key for key in check.required if key not in parameters]:
        raise _Wrong(parameters.get(LINE, line), f"{name} needs {missing[0]}.")
    return Condition(check=name, parameters={key: value for key, value in parameters.items() if key != LINE})


def _parameter(check: str, known: Mapping[str, type], key: str, value: Any, line: int) -> None:
    if key not in known:
        raise _Wrong(line, f"{check} has no parameter {key!r}. It has {', '.join(known) or 'none'}.")
    if type(value) is not known[key]:
        raise _Wrong(line, f"{key} of {check} is {value!r}: expected {_NAMES[known[key]]}.")


def _question(given: Mapping[str, Any]) -> Question:
    _known(given, QUESTION_KEYS, "question")
    choices = {key: text for key, text in _needed(given, "choices", dict).items() if key != LINE}
    if len(choices) < 2 or not set(choices) <= set(VERDICTS):
        raise _Wrong(given["choices"][LINE], f"choices has two or more of {', '.join(VERDICTS)}, each with its text.")
    knobs = {key: str(value) for key, value in _optional(given, "knobs", dict, {}).items() if key != LINE}
    return Question(
        text=_needed(given, "text", str),
        choices=tuple((str(text), verdict) for verdict, text in choices.items()),
        scenario=_needed(given, "scenario", str),
        profile=_needed(given, "profile", str),
        knobs=knobs,
    )


def _trial(given: Mapping[str, Any]) -> Trial:
    _known(given, TRIAL_KEYS, "try")
    own, demand = _optional(given, "own", bool, False), _optional(given, "demand", int, 0)
    if own and demand < 1:
        raise _Wrong(given[LINE], "try with own: true needs demand: the requests per second of all clients.")
    return Trial(scenario=_needed(given, "scenario", str), profile=_needed(given, "profile", str), own=own, demand=demand)


# ---- parts ---------------------------------------------------------------------------------------------------------------------------

_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a mapping"}


def _known(given: Mapping[str, Any], keys: set[str], where: str) -> None:
    if unknown := [key for key in given if key not in keys and key != LINE]:
        raise _Wrong(given[LINE], f"{where} has no {unknown[0]!r}. It has {', '.join(sorted(keys))}.")


def _mapping(value: Any, parent: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(parent[LINE], f"{what} is {value!r}: expected a mapping.")
    return value


def _needed(given: Mapping[str, Any], key: str, kind: Callable[..., Any]) -> Any:
    if key not in given:
        raise _Wrong(given[LINE], f"{key} is missing.")
    return _optional(given, key, kind, None)


def _optional(given: Mapping[str, Any], key: str, kind: Callable[..., Any], default: Any) -> Any:
    value = given.get(key, default)
    if key in given and type(value) is not kind:
        raise _Wrong(given[LINE], f"{key} is {value!r}: expected {_NAMES[kind]}.")  # type: ignore[index]
    return value
