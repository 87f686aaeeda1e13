"""The reference service of the outage scenarios, over the AWS API only: build.py makes it, view.py looks at it, remove.py removes it."""
