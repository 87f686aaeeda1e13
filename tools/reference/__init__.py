"""Documents of docs/reference/ that are generated of the code. `python -m tools.reference` writes them; `--check` fails if one is stale."""
