"""Support for tests of the live page: observed states, and a browser."""
