"""What a one-machine run is made of: broker, database, mailbox, and the supervisor that keeps them up."""
