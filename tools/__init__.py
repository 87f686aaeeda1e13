"""Tools of the project itself: rule coverage, generated diagrams, images."""
