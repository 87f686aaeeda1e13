"""CloudWatch: metrics that were measured, alarms that are evaluated and act. api/assembly.py and api/responses.py declare its seams."""
