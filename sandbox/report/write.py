"""Writes the three files of a report into a folder: report.html, report.json and report.png."""

from pathlib import Path

from sandbox.core.errors import UserError
from sandbox.report.json_form import as_text
from sandbox.report.model import Report


def write(report: Report, folder: Path) -> tuple[Path, ...]:
    """→ the files. The folder is made when it does not exist; files of an earlier report are replaced. Raises UserError when the
    files cannot be written."""
    from sandbox.report.page.html import page  # noqa: PLC0415 - imports matplotlib, which takes most of a second
    from sandbox.report.plot.figure import png  # noqa: PLC0415

    files = {"report.html": page(report).encode(), "report.json": as_text(report).encode(), "report.png": png(report)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UserError(f"Cannot write the report to {folder}: {error.strerror}.", "sandbox scenario run NAME --report DIR") from error
    return tuple(folder / name for name in files)
