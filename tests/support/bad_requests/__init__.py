"""Bad requests, made from botocore's models and sent to a whole sandbox in this process.

account.py makes the things that requests name, drafts.py a request that could be right, mutations.py makes it wrong, wire.py turns it into
what is sent, verdicts.py judges the answer and states.py what is left behind. run.py does all of this for a seed.
"""
