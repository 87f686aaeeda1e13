"""The plot of a report, with matplotlib: figure.py arranges the panels, which share one time axis. Imported only when a plot is drawn,
because matplotlib takes most of a second to load.
"""
