"""The resource types, one file for each family."""
