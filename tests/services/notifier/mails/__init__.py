"""Mails as customers and sectors get them, written to files that are read in review; see `golden.py`."""
