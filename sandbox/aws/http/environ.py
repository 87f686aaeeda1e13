"""Keys of a request's WSGI environ that only code of this process can set: headers of a request come in as HTTP_*, never as these."""

CALLER = "sandbox.caller"
"""The AWS service that calls ("autoscaling"); None or absent: a user."""

ACCOUNT = "sandbox.account"
"""The account called for; absent: the one of the request's header, access key, or 123456789012."""
