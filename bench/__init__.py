"""Measures the running product beside a floor: the least work that a contact needs, on bare clients."""
