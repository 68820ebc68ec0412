"""Contacts: takes what customers write, and asks for tickets."""
