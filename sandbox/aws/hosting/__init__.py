"""How moto runs in this process, whatever the service: its clock, its memory, and how it matches callers' patterns."""
