"""Keys of a request's WSGI environ that only code of this process can set: a request's headers become HTTP_* keys, never these."""

CALLER = "sandbox.caller"
"""The AWS service that calls ("autoscaling"); None or absent: a user."""

ACCOUNT = "sandbox.account"
"""The account of the call; absent: from the request's header or access key, else 123456789012."""
