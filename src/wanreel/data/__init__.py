"""What ships with the package as data, and the one function that reads it."""
