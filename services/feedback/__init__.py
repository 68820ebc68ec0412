"""Feedback: asks customers to rate closed tickets, and takes their answers."""
