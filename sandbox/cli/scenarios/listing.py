"""`sandbox scenario list` and `show`: what scenarios there are, and what one of them does and measures."""

from collections.abc import Iterator

import click

from sandbox.cli.common import grid, show
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.profiles import CAPACITY, PROFILES, knobs
from scenarios.kit.definition.scenario import Scenario

COLUMNS = ("id", "name", "what happens", "profiles", "negative control")


def row(scenario: Scenario) -> tuple[str, ...]:
    return scenario.id, scenario.name, scenario.title, ", ".join(scenario.profiles), scenario.control.summary


def as_json(scenario: Scenario) -> dict[str, object]:
    return {
        "id": scenario.id,
        "name": scenario.name,
        "summary": scenario.title,
        "hypothesis": scenario.hypothesis,
        "profiles": list(scenario.profiles),
        "default_profile": scenario.default_profile,
        "control": {"summary": scenario.control.summary, "fails": scenario.control.fails, "profile": scenario.control.profile},
    }


def print_all(scenario: Scenario) -> None:
    """Everything that a user may want to know before running it."""
    click.echo(f"{scenario.id} {scenario.name}: {scenario.title}\n")
    click.echo(f"hypothesis  {scenario.hypothesis}\nquestion    {scenario.question}\n")
    show(grid("profiles", ("name", "what it is", "a survivor carries"), _profiles(scenario)))
    click.echo()
    show(grid("phases", ("name", "what happens", "in the real event"), [(p.name, p.title, p.caption) for p in scenario.phases]))
    click.echo()
    show(grid("pass criteria", ("id", "what is measured"), [(c.id, c.sentence) for c in scenario.criteria]))
    control = f"{scenario.control.summary} It must fail {scenario.control.fails!r}."
    click.echo(f"\nnegative control (--control)\n{control}\n")
    show(grid("knobs of this scenario", ("name", "default", "meaning"), map(_knob, scenario.knobs)))
    click.echo()
    shared = knobs(PROFILES[scenario.default_profile])
    show(grid(f"knobs of every scenario (values of {scenario.default_profile})", ("name", "default", "meaning"), map(_knob, shared)))
    for note in scenario.notes:
        click.echo(f"\nnote: {note}")


def _profiles(scenario: Scenario) -> Iterator[tuple[str, ...]]:
    for name in scenario.profiles:
        profile = PROFILES[name]
        shown = f"{name} (default)" if name == scenario.default_profile else name
        carries = f"{profile.survivors_carry:.0f} % without the largest zone"
        yield shown, f"{profile.summary}; {profile.load * profile.size * CAPACITY / 100:g} requests/s", carries


def _knob(knob: Knob) -> tuple[str, str, str]:
    choices = f" ({', '.join(knob.choices)})" if knob.choices else ""
    return knob.name, knob.shown(knob.default), f"{knob.meaning}{choices}"
