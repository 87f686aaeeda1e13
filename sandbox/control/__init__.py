"""/_sandbox: what AWS's API has no word for. Events and their causes, loops, the clock, the world behind the instances."""
