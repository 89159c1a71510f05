"""Displays: what the inspection functions return, drawn."""
