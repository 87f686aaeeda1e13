"""CloudWatch: metrics that were measured, alarms that are evaluated and act. backend.py and responses.py declare its seams."""
