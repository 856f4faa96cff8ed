"""Reads: typed rows, never a QuerySet."""
