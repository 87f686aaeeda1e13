"""Starts, finds and removes a sandbox. A library without a terminal: `sandbox up` and `down` are one caller, a test fixture can be another.

lifecycle.py is the interface: `ensure` and `remove`. Both report their progress, one sentence per call, to a callback.
"""
