"""The HTML view of a report: one self-contained file without scripts, readable on paper, on a phone and in dark surroundings."""
