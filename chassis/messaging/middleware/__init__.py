"""What stands around the handling of every message, one concern a file; `chassis.service` shows their order."""
