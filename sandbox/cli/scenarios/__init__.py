"""What `sandbox scenario` does: outage.py runs a scenario of outages, session.py gives it a sandbox, listing.py shows what there is."""
