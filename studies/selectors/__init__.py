"""What reads: typed rows and arrays out of the database, never a QuerySet."""
