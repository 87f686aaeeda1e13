"""Checks each request against botocore's model of its operation before anything runs, and gives its parameters.

model.py compiles an operation's input once; form.py reads the parameters of a form by it, documents.py those of JSON and CBOR. Both collect
problems (problems.py), and words.py turns these into the error that the service gives. What only the service knows (a name that exists, two
parameters that exclude each other) is checked by services/<svc>/api/validation/.
"""
