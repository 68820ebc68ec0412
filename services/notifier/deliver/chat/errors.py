"""What a customer who links a chat may be refused."""


class NoBot(Exception):
    """The provider has no bot."""

    def __init__(self) -> None:
        super().__init__("O Telegram não está disponível.")


class BotAway(Exception):
    """The bot's name isn't known yet, and Telegram doesn't give it now."""

    def __init__(self) -> None:
        super().__init__("O Telegram não responde agora. Tente de novo em instantes.")


STATUS: dict[type[Exception], int] = {NoBot: 404, BotAway: 503}
"""The HTTP status of each."""
