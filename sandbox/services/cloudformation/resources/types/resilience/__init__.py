"""Resource types of the services that test and steer around failure: ARC and FIS."""
