"""Tests of bench/: what it works out, not what it measures."""
