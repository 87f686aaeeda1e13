"""Builders of observed states with AWS's defaults, and one service with its real loops in virtual time."""
