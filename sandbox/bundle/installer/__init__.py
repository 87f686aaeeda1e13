"""The program in a bundle that installs it. Standard library only and relative imports only: it is copied into the archive, and runs there
with the Python of a machine on which nothing else is installed.

whole.py checks the file, fits.py the machine, environment.py installs the packages, images.py the container images.
"""
