"""The tree that a document becomes: the body of each path, directories included (IMDS-1, IMDS-8). Pure.

All versions show the same tree: what a category's first version was is not modelled (U).
"""

from collections.abc import Mapping

from sandbox.drivers.metadata.base import MetadataDocument

VERSIONS = (
    *("1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04"),
    *("2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19", "2016-06-30", "2016-09-02"),
    *("2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03", "2021-03-23", "2021-07-15", "2022-09-24"),
    *("2024-04-11", "latest"),
)
USER_DATA = "user-data"
LISTING = "\n".join(VERSIONS).encode()


def tree(document: MetadataDocument) -> Mapping[str, bytes]:
    """Path below the version, without a slash at its end → body."""
    named = {path.rstrip("/"): text for path, text in document.entries.items() if path.endswith("/")}
    leaves = {path: text.encode() for path, text in document.entries.items() if not path.endswith("/")}
    if document.user_data is not None:
        leaves[USER_DATA] = document.user_data
    directories: dict[str, dict[str, None]] = {"": {}}
    for path in sorted(leaves):
        _enter(directories, path)
    made = {path: _listing(path, names) for path, names in directories.items()}
    made |= {path: text.encode() for path, text in named.items() if path in directories}
    return made | leaves


def _enter(directories: dict[str, dict[str, None]], path: str) -> None:
    parent, _, name = path.rpartition("/")
    directories.setdefault(parent, {})[name] = None
    while parent:
        parent, _, name = parent.rpartition("/")
        directories.setdefault(parent, {})[name + "/"] = None


def _listing(path: str, names: Mapping[str, None]) -> bytes:
    """Directories end in a slash, except in that of a version."""
    shown = names if path else {name.rstrip("/"): None for name in names}
    return "\n".join(sorted(shown)).encode()
