"""Stories that are replayed on a sandbox and judged: one module each, with a `run(stage)` that says whether it ended well.

`sandbox scenario list` shows them by the first line of their docstrings; `<name>_as_written` is the `--as-written` variant of `<name>`.
"""
