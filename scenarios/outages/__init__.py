"""Scenarios of outages, S01 to S13: one module each, with `SCENARIO`, a value of scenarios/kit/definition/scenario.py.

docs/scenarios.md has the table of all, and shows how to write another one."""
