"""What the measurements share: figures and their limits, a sandbox to measure, containers, clients, targets and load."""
