"""The HTTP routes of MK's stand-in: what it publishes, who logs in, and what operators look at."""
