"""The drivers as their contract suites use them: how to make one, drive it and wait for it."""
