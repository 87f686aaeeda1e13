"""Processor time and network counters of instances, read from the kernel."""
