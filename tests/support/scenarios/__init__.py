"""What the tests of scenarios share: a stage in virtual time in which tests can interfere."""
