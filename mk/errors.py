"""What MK's stand-in refuses; each error's text is for whoever asked."""


class WrongCredentials(Exception):
    """No account has this name and this password; which of the two is wrong isn't revealed."""

    def __init__(self) -> None:
        super().__init__("CPF, e-mail ou senha não conferem.")


class UnknownType(Exception):
    """MK publishes no such thing."""

    def __init__(self) -> None:
        super().__init__("O MK não publica mensagens deste tipo.")


class UnknownScenario(Exception):
    """There is no scenario of this name."""

    def __init__(self) -> None:
        super().__init__("Não há um cenário com este nome.")


class UnknownTicket(Exception):
    """No service has announced such a ticket."""

    def __init__(self) -> None:
        super().__init__("Atendimento não encontrado.")


STATUS: dict[type[Exception], int] = {WrongCredentials: 401, UnknownType: 404, UnknownScenario: 404, UnknownTicket: 404}
"""The HTTP status of each."""
