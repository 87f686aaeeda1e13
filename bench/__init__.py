"""`make bench`: what the sandbox costs, each figure beside a limit measured in the same run on the same machine. The method is committed,
the luck is not: results go to build/bench.json. `python -m bench [name…]` measures some only.
"""
