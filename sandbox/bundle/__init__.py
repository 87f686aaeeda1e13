"""The sandbox as one file for machines without a network: what the file contains (contents.py), how it is made (making.py), and the program
in it that installs it (installer/, standard library only, and header.sh).

The file is a shell script whose end is a zip archive: `sh FILE install` needs only Python. docs/offline.md describes its use.
"""
