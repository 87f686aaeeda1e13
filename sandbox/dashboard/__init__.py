"""The live page at /_sandbox/ui: what is observed now, what happened and why, and what a person can do about it.

It shows what control/surface.py offers and keeps nothing of its own: events are the journal's, states are read again at each change.
shown/ decides what the page shows (pure), live/ renders it and streams the changes, templates/ and static/ are what a browser gets.
"""
