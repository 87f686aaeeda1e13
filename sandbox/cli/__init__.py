"""The command `sandbox`: a client of the AWS API and of /_sandbox like any other, and what starts and removes a sandbox."""
