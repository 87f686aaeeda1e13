"""All contact with the world. Each folder has base.py (the Protocol and its values) and simulated.py beside the real ones."""
