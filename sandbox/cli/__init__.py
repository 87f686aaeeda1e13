"""The command `sandbox`: a client of the AWS API, of /_sandbox and of sandbox.launch. observe/ has the commands that only read."""
