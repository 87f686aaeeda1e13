"""What a run leaves as evidence: requests, events, series, counts (run.py), and the report made of it (report.py)."""
