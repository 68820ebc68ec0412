"""Messages in and out: who handles what, what becomes of a failure, and the connections to the broker."""
