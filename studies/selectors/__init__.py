"""Read from the database: typed rows and arrays, never a QuerySet."""
