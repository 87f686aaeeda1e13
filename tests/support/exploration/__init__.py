"""Random operations on a whole virtual sandbox, with invariants checked after each of them.

A plan is a tuple of steps, made from a seed: `Step("terminate_instance", which=417, then_wait=9)`. An operation is one thing that a user or
the world does; operations/ has them by subject. explorer.py carries out a plan while watch.py looks at everything at each moment and
consistency.py compares what the API describes; recovery.py then ends the faults and expects everything to become well again.
"""
