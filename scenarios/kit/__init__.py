"""What the scenarios share: the stage, the tutorial's service, load, failures, verdicts and clean-up. No scenarios here."""
