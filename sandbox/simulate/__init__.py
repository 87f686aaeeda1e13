"""`sandbox simulate`: one scenario, many times, in virtual time: over seeds, and over layouts for capacity planning.

model.py has the runs and their outcomes, plan.py makes the runs of a request, schedulers/ carry them out on this machine's cores or on a
Dask cluster, worker.py is one run, and summary.py makes a table of the outcomes.
"""
