"""Answers recorded from AWS, as tables. Each file tests one service against values that public snapshot tests hold; the captures are in
docs/aws-behaviour.md, Appendix A. `make recorded` runs them alone.
"""
