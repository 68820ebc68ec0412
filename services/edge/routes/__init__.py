"""The routes of contracts.md, one file a subject."""
