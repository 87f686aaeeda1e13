"""Starts, finds and removes a sandbox. A library: `sandbox up` and `down` are one caller of it, a test fixture can be another."""
