"""What is refused or fails, and how the customer reads of it."""
