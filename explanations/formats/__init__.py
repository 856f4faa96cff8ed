"""Readers and writers of files about neurons, one module a format, by name in `registry`."""
