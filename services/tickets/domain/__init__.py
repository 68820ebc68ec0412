"""What tickets decides: pure values and functions, a file a noun."""
