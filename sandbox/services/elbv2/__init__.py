"""Elastic Load Balancing v2 (Application Load Balancers): target groups and their health, listeners, rules, and what the proxy is told."""
