"""Pages about studies, for staff."""
