"""What a lesson's steps can ask of the observed state. table.py lists the checks."""
