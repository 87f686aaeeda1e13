"""What the scenarios share. For those of outages: definition/ (the values), running/ (the loop), stack/ (the reference service) and
evidence/ (what a run leaves, and its report). The modules here: the stage, and what the scenarios of the tutorial share.
"""
