"""HTML of the page's parts, each rendered once for all who look: again only when what it shows has changed."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment
from markupsafe import Markup

from sandbox.dashboard.shown.look import Look
from sandbox.dashboard.shown.sections import Part, Section, sections, singles


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """All parts and sections, by their id."""

    sections: Mapping[str, Markup] = field(default_factory=dict)  # in the order of the page
    parts: Mapping[str, Markup] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # section → its parts

    def changed_since(self, before: "Rendered") -> Mapping[str, Markup]:
        """What has to be sent to a page that shows `before`: whole sections where parts came or went, else the parts that changed."""
        whole = {name: html for name, html in self.sections.items() if self.members[name] != before.members.get(name)}
        covered = {part for name in whole for part in self.members[name]}
        others = {n: html for n, html in self.parts.items() if n not in covered and before.parts.get(n) is not html}
        return {**whole, **others}


class Renderer:
    """Thread-safe."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._known: dict[str, tuple[object, Markup]] = {}

    def render(self, look: Look) -> Rendered:
        with self._lock:
            kept: dict[str, tuple[object, Markup]] = {}
            parts: dict[str, Markup] = {}
            found = sections(look)
            for part in (*singles(look), *(part for section in found for part in section.parts)):
                parts[part.id] = self._part(part, kept)
            self._known = kept
            return Rendered(
                sections={section.id: self._section(section, parts) for section in found},
                parts=parts,
                members={section.id: tuple(part.id for part in section.parts) for section in found},
            )

    def _part(self, part: Part, kept: dict[str, tuple[object, Markup]]) -> Markup:
        known = self._known.get(part.id)
        if known is None or known[0] != part.shows:
            template = self._environment.get_template(f"parts/{part.template}.html")
            known = (part.shows, Markup(template.render(id=part.id, shown=part.shows)))
        kept[part.id] = known
        return known[1]

    def _section(self, section: Section, parts: Mapping[str, Markup]) -> Markup:
        return _wrapped(self._environment, section, [parts[part.id] for part in section.parts])


def _wrapped(environment: Environment, section: Section, parts: Sequence[Markup]) -> Markup:
    return Markup(environment.get_template("section.html").render(section=section, parts=parts))
