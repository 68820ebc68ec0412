"""Layers around the edge's application, one a file; `layers.py` has their order."""
