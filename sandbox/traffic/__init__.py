"""Client traffic: sends requests to a service and measures them as its users would. Scenarios use it through sandbox.client."""
