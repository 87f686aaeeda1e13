"""The header that a request must have to change the sandbox through /_sandbox or /moto-api.

A web page can post a form or plain text to any loopback port. To add a custom header, though, the browser first sends a CORS preflight
request, which the sandbox always refuses. Any value that is not empty is accepted: the header is not a secret.
"""

CLIENT_HEADER = "X-Sandbox-Client"
