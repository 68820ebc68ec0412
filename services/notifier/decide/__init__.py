"""Who is informed of what, and why: events come in, decisions and their ledger come out."""
