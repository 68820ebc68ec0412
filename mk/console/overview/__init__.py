"""Screens of all tickets and messages together: figures, what didn't arrive, and the demo's mailbox and chat."""
