"""Scenarios: one module each, with a `run(stage)` that plays it on a sandbox and returns whether it passed. kit/ holds what they share.

`sandbox scenario list` shows the first line of each docstring. `<name>_as_written` is the `--as-written` variant of `<name>`.
"""
