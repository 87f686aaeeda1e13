"""Time, events, control types and errors. Standard library only; every other package may import it, and it imports none of them."""
