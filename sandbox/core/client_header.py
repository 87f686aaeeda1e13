"""The header that a program sends with a request that changes the sandbox through /_sandbox or /moto-api.

A web page can post a form or a plain-text body to any port of loopback, but for a header of its own the browser asks the server first
(the CORS preflight), and the sandbox never agrees. Any value that is not empty is accepted: it is no secret.
"""

CLIENT_HEADER = "X-Sandbox-Client"
