"""Displays: they store what is to be seen, then draw it with matplotlib."""
