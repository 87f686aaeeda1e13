"""The scenarios of outages in virtual time: each profile as documented, and each negative control fails."""
