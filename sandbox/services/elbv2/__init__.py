"""Elastic Load Balancing v2 (Application Load Balancers): target groups, target health, listeners, rules, and the proxy's configuration."""
