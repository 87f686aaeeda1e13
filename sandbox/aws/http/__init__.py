"""The HTTP side of the AWS API: the gateway, what stands before it, and how requests and errors are read and written.

`Gateway` is the WSGI application. `Transport` gives controllers boto3 clients that call it without a socket.
"""
