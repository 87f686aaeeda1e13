"""Scenarios. outages/ has those of outages (S01 to S13), each a `SCENARIO`; the modules here replay the tutorial: `run(stage)` plays one on
a sandbox and returns whether it passed. kit/ holds what they share.

`sandbox scenario list` shows them. `<name>_as_written` is the `--as-written` variant of `<name>`.
"""
