"""The report of a scenario run: one value (model.py) and its views as text, HTML, JSON and PNG. write.py writes the files."""
