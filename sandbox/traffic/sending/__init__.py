"""The process that sends a plan's requests (`python -m sandbox.traffic.sending`), apart from the scenario's, which would disturb it."""
