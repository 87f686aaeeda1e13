"""Traffic for tests: steady requests beside what a test does, small servers, and records written as letters."""
