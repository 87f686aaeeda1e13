"""What the scenarios share: the stage, the tutorial's service, load, faults, verdicts and clean-up. No stories here."""
