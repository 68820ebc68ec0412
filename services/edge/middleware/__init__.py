"""Layers around the edge's application, one a file; `app.py` shows their order."""
