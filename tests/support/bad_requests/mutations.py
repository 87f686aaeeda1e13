"""Makes a draft wrong, at one place or a few. Each mutation has a name, which a failure shows."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.bad_requests.drafts import Draft

WRONG: tuple[str, ...] = (
    *("", " ", "many", "1.5", "-1", "0", "99999999999999999999", "2147483648", "1e400", "NaN", "true", "null", "{}", "[]", "[", "a,b,,c"),
    *("٣", "🦆", "Ünïcødé", "a\x00b", "a\x1fb", "\ufffe", "</Message><x>", "%s%n{0}", "../../etc", "' OR 1=1 --", "*", "a\nb"),
    *("i-0", "i-zzzzzzzzzzzzzzzzz", "i-0123456789abcdef0", "vpc-0123456789abcdef0", "subnet-", "sg-", "vol-x", "ami-1", "eni-0", "lt-0"),
    *(
        "arn:aws:sns:us-east-1:123456789012:none",
        "arn:",
        "arn:aws:x",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/b",
    ),
    *("10.0.0.0/33", "10.1.2.3/8", "0.0.0.0", "::/0", "300.1.1.1", "us-east-9z", "t9.huge", "purple", "2026-13-45", "http://", "ftp://a b"),
)
LONG = (256, 1_025, 5_000, 70_000)
MANY = (21, 101, 300)

Change = Callable[[Draft, random.Random], None]


def mutate(draft: Draft, rng: random.Random, known: list[str]) -> Draft:
    changes = FORM if draft.document is None else DOCUMENT
    names = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name = rng.choice(list(changes))
        changes[name](draft, rng)
        names.append(name)
    if rng.random() < 0.1 and draft.form:
        name = rng.choice(list(draft.form))
        draft.form[name] = rng.choice(known)
        names.append("a name of another kind")
    draft.kind = " + ".join(names)
    return draft


# ---- forms


def _some(draft: Draft, rng: random.Random) -> str:
    return rng.choice(list(draft.form)) if draft.form else "Name"


def _drop(draft: Draft, rng: random.Random) -> None:
    draft.form.pop(_some(draft, rng), None)


def _drop_branch(draft: Draft, rng: random.Random) -> None:
    start = _some(draft, rng).partition(".")[0]
    for name in [name for name in draft.form if name.partition(".")[0] == start]:
        del draft.form[name]


def _wrong(draft: Draft, rng: random.Random) -> None:
    draft.form[_some(draft, rng)] = rng.choice(WRONG)


def _long(draft: Draft, rng: random.Random) -> None:
    draft.form[_some(draft, rng)] = "a" * rng.choice(LONG)


def _beside(draft: Draft, rng: random.Random) -> None:
    """Nonsense as a further member of a list."""
    name = _some(draft, rng)
    parts = name.split(".")
    places = [place for place, part in enumerate(parts) if part.isdigit()]
    if places:
        parts[places[-1]] = str(int(parts[places[-1]]) + rng.choice((1, 1, 1, 2, 10**9)))
        draft.form[".".join(parts)] = rng.choice(WRONG)
    else:
        draft.form[f"{name}.1"] = rng.choice(WRONG)


def _bad_twin(draft: Draft, rng: random.Random) -> None:
    """A further member of a list, like one that is there but for one part."""
    parts = _some(draft, rng).split(".")
    places = [place for place, part in enumerate(parts) if part.isdigit()]
    if not places:
        _wrong(draft, rng)
        return
    place = rng.choice(places)
    head = parts[:place]
    there = {name: value for name, value in draft.form.items() if name.split(".")[: place + 1] == parts[: place + 1]}
    beside = [split[place] for name in draft.form if len(split := name.split(".")) > place and split[:place] == head]
    last = max(int(part) for part in beside if part.isdigit())
    twin = {".".join([*head, str(last + 1), *name.split(".")[place + 1 :]]): value for name, value in there.items()}
    wrong = rng.choice(list(twin))
    if len(twin) > 1 and rng.random() < 0.3:
        del twin[wrong]
    else:
        twin[wrong] = rng.choice(WRONG)
    draft.form |= twin


def _many(draft: Draft, rng: random.Random) -> None:
    name = _some(draft, rng)
    head, _, tail = name.partition(".1")
    for number in range(1, rng.choice(MANY) + 1):
        draft.form[f"{head}.{number}{tail}"] = draft.form.get(name, "x") + (str(number) if rng.random() < 0.5 else "")


def _structure_as_value(draft: Draft, rng: random.Random) -> None:
    start = _some(draft, rng).rpartition(".")[0] or "Filter"
    for name in [name for name in draft.form if name.startswith(f"{start}.")]:
        del draft.form[name]
    draft.form[start] = "x"


def _value_as_structure(draft: Draft, rng: random.Random) -> None:
    name = _some(draft, rng)
    value = draft.form.pop(name, "x")
    draft.form[f"{name}.{rng.choice(('Name', '1', 'member.1', '0', '-1', ''))}"] = value


def _unknown(draft: Draft, rng: random.Random) -> None:
    draft.form[rng.choice(("Colour", "filter.1.name", "Filter.1.Colour", ".", "..", "a." * 500, "Tags.member.1.Key", "é"))] = "x"


FORM: dict[str, Change] = {
    "absent": _drop,
    "branch absent": _drop_branch,
    "wrong value": _wrong,
    "another wrong value": _wrong,
    "long value": _long,
    "nonsense beside it": _beside,
    "a bad twin": _bad_twin,
    "another bad twin": _bad_twin,
    "many": _many,
    "a value for a structure": _structure_as_value,
    "a structure for a value": _value_as_structure,
    "unknown parameter": _unknown,
}


# ---- documents


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of each value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(items):
        yield value, key
        yield from _places(below)


def _place(draft: Draft, rng: random.Random) -> tuple[Any, Any]:
    places = list(_places(draft.document))
    return rng.choice(places) if places else (draft.document, "Name")


def _drop_member(draft: Draft, rng: random.Random) -> None:
    container, key = _place(draft, rng)
    if isinstance(container, dict):
        container.pop(key, None)
    else:
        del container[key]


def _wrong_type(draft: Draft, rng: random.Random) -> None:
    container, key = _place(draft, rng)
    container[key] = rng.choice((None, True, 0, -1, 1.5, 10**30, 1e308, "", "x", [], {}, [None], [[]], {"a": {}}, [{"Name": 1}]))


def _wrong_member(draft: Draft, rng: random.Random) -> None:
    container, key = _place(draft, rng)
    container[key] = rng.choice(WRONG)


def _long_member(draft: Draft, rng: random.Random) -> None:
    container, key = _place(draft, rng)
    container[key] = "a" * rng.choice(LONG)


def _many_members(draft: Draft, rng: random.Random) -> None:
    container, key = _place(draft, rng)
    value = container[key] if key in container or isinstance(container, list) else "x"
    container[key] = [value[0] if isinstance(value, list) and value else value] * rng.choice(MANY)


def _deep(draft: Draft, rng: random.Random) -> None:
    container, key = _place(draft, rng)
    value: Any = "x"
    for _ in range(rng.choice((3, 60))):
        value = rng.choice(([value], {"Name": value}))
    container[key] = value


DOCUMENT: dict[str, Change] = {
    "absent": _drop_member,
    "wrong type": _wrong_type,
    "another wrong type": _wrong_type,
    "wrong value": _wrong_member,
    "long value": _long_member,
    "many": _many_members,
    "deep": _deep,
}
