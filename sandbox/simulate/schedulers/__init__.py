"""What carries out the runs of a simulation: base.py is the Protocol, local.py uses this machine's cores, dask.py an existing cluster."""
