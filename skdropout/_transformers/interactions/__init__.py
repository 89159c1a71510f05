"""Columns that act together, found and handed on."""
