"""A game day: a hidden fault after a random delay, which a learner finds and names. choice.py says what can be broken, score.py what an
answer is worth, game.py plays it. What hiding means is in docs/lessons.md."""
