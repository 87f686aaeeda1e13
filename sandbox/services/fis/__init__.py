"""AWS Fault Injection Service by its own API: experiment templates, and experiments that act on the sandbox's instances and networks."""
