"""Lessons: read, do it with the AWS CLI or by clicking, and steps turn green from the observed state, in any order and by any client.

A lesson is one Markdown file (lessons/, or a user's own) whose front matter lists steps with checks (parsing.py). A check asks what the AWS
API and the journal say now (checks/); progress.py remembers what was met. Nothing here changes the sandbox.
"""
