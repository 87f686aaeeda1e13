"""/_sandbox: the control API, for what the AWS API does not cover: events and their causes, loops, the clock, machines and faults."""
