"""`make bench`: performance measurements, each compared with a limit measured in the same run on the same machine. Results are written to
build/bench.json, which is not committed. `python -m bench [name…]` runs some of the measurements.
"""
