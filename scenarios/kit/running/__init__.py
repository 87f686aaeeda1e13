"""How a scenario runs: loop.py from the service to the clean-up, run.py what its phases can do, gate.py what must hold before."""
