"""Time, events, control types and errors: standard library only, known by everything, knowing nothing."""
