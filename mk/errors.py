"""What MK's stand-in refuses, by what it means."""


class WrongCredentials(Exception):
    """No account has this name and this password; which of the two is wrong isn't revealed."""


class UnknownType(Exception):
    """MK publishes no such thing."""


class UnknownScenario(Exception):
    """There is no scenario of this name."""


class UnknownTicket(Exception):
    """No service has announced such a ticket."""
