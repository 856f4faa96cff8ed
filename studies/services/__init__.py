"""What writes: building and running studies, asking for and storing their analyses."""
