"""What user data is and what it does: rules of cloud-init that all runtimes share, so that a scenario has the same result in each.

In a container, cloud-init itself reads user data (sandbox/images/machine/image). parts.py and cloud_config.py read it for the process and
the simulated runtime as cloud-init would; effect.py says when an application runs; results.py reads what a boot left.
"""
