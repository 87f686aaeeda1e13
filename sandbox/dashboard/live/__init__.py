"""The page while it is open: read.py reads what is shown, render.py makes HTML of what changed, publisher.py sends it to all open pages."""
