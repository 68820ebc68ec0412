"""How what was decided gets there: the inbox, mails, and how each of them ends."""
