"""What each AWS service is here: real, a record only, or refused. services.toml is the table, and everything else is derived from it."""
