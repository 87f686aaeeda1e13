"""The names of the service's files in its folder, for the server and the control plane."""

DOCUMENTS = "documents"  # one file for each instance: what it reads
TOKEN_KEY = "token.key"  # the server's
SOCKET = "server.sock"  # where the control plane asks the server
LOCK, LOG = "server.lock", "server.log"  # of the server's process
