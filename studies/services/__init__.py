"""Write to the database: build and run studies, request and store their analyses."""
