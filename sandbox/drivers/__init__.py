"""All contact with the outside world. Each folder has base.py (the Protocol and its values), the real implementations and simulated.py."""
