"""The bot's start links; its name is asked for when the first is made."""

from services.notifier.deliver.channels.outcomes import Away, Refused
from services.notifier.deliver.chat.errors import BotAway, NoBot
from services.notifier.deliver.chat.ports import Bot


class Links:
    """Where the links of a bot lead; without a bot there are none."""

    def __init__(self, base_url: str, bot: Bot | None) -> None:
        self._base_url = base_url.rstrip("/")
        self._bot = bot
        self._name = ""

    @property
    def has_bot(self) -> bool:
        """Whether there is a bot."""
        return self._bot is not None

    def check(self) -> None:
        """Refuse where there is no bot. Raises: NoBot."""
        if self._bot is None:
            raise NoBot

    async def to(self, token: str) -> str:
        """The link that hands this token to the bot. Raises: NoBot, BotAway."""
        if self._bot is None:
            raise NoBot
        if not self._name:
            try:
                self._name = await self._bot.username()
            except (Away, Refused) as error:
                raise BotAway from error
        return f"{self._base_url}/{self._name}?start={token}"
