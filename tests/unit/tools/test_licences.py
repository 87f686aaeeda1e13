"""docs/licences.md: every package that is installed with the sandbox is in it, with a licence."""

from email.message import Message
from importlib.metadata import Distribution

import pytest
from packaging.requirements import Requirement

from tools import licences
from tools.licences import IMAGES, PACKAGES, closure, direct, licence, missing, problems


def test_the_documents_are_up_to_date() -> None:
    assert problems({path: path.read_text() for path in (PACKAGES, IMAGES)}, licences.document()) == []


def test_a_package_that_the_document_lacks_is_found() -> None:
    written = {PACKAGES: PACKAGES.read_text().replace("| moto |", "| mot |"), IMAGES: IMAGES.read_text().replace("| nftables |", "| nft |")}
    first, second = problems(written, licences.document())
    assert first == "docs/licences.md is out of date. next: make docs"
    assert second.startswith("docs/licences-images.md lacks nftables.")


def test_what_packages_need_is_listed_too() -> None:
    found = closure([Requirement("flask")])
    assert {"flask", "jinja2", "markupsafe"} <= set(found)
    assert {"moto", "awscli", "pip", "certifi"} <= set(closure(direct()))


def test_the_packages_of_the_image_are_those_of_the_script_that_makes_it() -> None:
    assert {"python3", "cloud-init", "nftables"} <= missing("")


class Stated(Distribution):
    def __init__(self, **fields: str) -> None:
        self._message = Message()
        for name, value in fields.items():
            self._message[name.replace("_", "-")] = value

    @property
    def metadata(self) -> Message:  # type: ignore[override]
        return self._message

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: object) -> object:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"License_Expression": "MIT", "License": "other"}, "MIT"),
        ({"License": "BSD-3-Clause"}, "BSD-3-Clause"),
        ({"License": "The text\nof a licence", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT License"),
        ({"License": "A title of the text\nand so on"}, "A title of the text"),
    ],
)
def test_a_licence_is_read_from_what_a_package_states(fields: dict[str, str], said: str) -> None:
    assert licence(Stated(**fields)) == said


def test_a_package_without_a_licence_is_not_passed_over() -> None:
    with pytest.raises(LookupError, match="shop states no licence"):
        licence(Stated(Name="shop"))
