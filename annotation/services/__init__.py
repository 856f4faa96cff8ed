"""What writes: recruiting, claiming, answering."""
