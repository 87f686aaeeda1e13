"""The page as of an earlier moment: what the journal tells of it, completed with what nothing has changed since. Pure, and nothing is kept.

Each part is the newest that an event up to the moment says, or the present value if no event and no call of the API has touched it since.
What is neither is said to be unknown, in a sentence of its own.
"""
