"""The wire protocols that moto lacks, and how errors are named in each. Uses moto's models; http/ uses it."""
