"""What a scenario is, as frozen values: scenario.py (the whole), profiles.py, knobs.py, criteria.py.

catalogue.py finds scenarios by name."""
