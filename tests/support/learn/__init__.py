"""Support for tests of lessons."""
