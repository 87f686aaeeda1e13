"""Hosts moto: the server, the gateway, the seams, time and saved state. Knows no service by name."""
