"""What the notifier reads from its environment beside what every service reads."""

import re
from datetime import timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator

from chassis import settings
from chassis.settings import with_password

_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Settings(settings.Settings):
    """`SMTP_URL`, `MAIL_FROM` and so on."""

    smtp_url: SecretStr = SecretStr("smtp://127.0.0.1:25")
    """`smtp://[user:password@]host[:port]`, which takes STARTTLS where it is offered, or `smtps://`.

    `?starttls=required` sends nothing to a server that does not offer it; `cafile=ca.pem` names whom to trust.
    """

    smtp_password: SecretStr | None = None
    """Takes the place of the one in the URL."""

    smtp_connections: int = Field(default=8, ge=1)
    """How many connections to the mail server a replica keeps open."""

    smtp_timeout: timedelta = timedelta(seconds=10)
    """How long the mail server may take for one answer."""

    mail_from: str = "Atendimento <atendimento@atendo.local>"
    mail_domain: str = Field(default="atendo.local", pattern=r"^[A-Za-z0-9.-]+$")
    """What follows the `@` in the Message-ID of our mails."""

    timezone: str = "America/Sao_Paulo"
    """In whose local time moments are written to people."""

    public_url: str = "http://127.0.0.1:8080"
    """Where customers reach the edge: what a push message leads to."""

    vapid_key: SecretStr | None = None
    """What Web Push is signed with: a P-256 private key as PEM, of `VAPID_KEY_FILE`; without it there is none."""

    vapid_subject: str = Field(default="mailto:atendimento@atendo.local", pattern=r"^(mailto:|https://)\S+$")
    """Whom a push service may ask about what we send."""

    push_hosts: str = ""
    """The hosts of push services, separated by commas; without, those of Google, Mozilla, Apple and Microsoft."""

    push_timeout: timedelta = timedelta(seconds=10)
    """How long a push service may take for one answer."""

    fcm_credentials: SecretStr | None = None
    """The JSON of a Google service account, of `FCM_CREDENTIALS_FILE`; without it phones get no push messages."""

    fcm_url: str = "https://fcm.googleapis.com"

    send_lease: timedelta = timedelta(seconds=60)
    """How long a replica may take over one mail before it counts as crashed."""

    address_off_for: timedelta = timedelta(days=30)
    """How long nothing is sent to an address whose mail server said that it takes no mail (R19)."""

    telegram_bot_token: SecretStr | None = None
    """The provider's bot; without it there is no Telegram."""

    telegram_api_url: str = "https://api.telegram.org"
    telegram_link_url: str = "https://t.me"
    """Where start links lead."""

    telegram_updates: Literal["polling", "webhook"] = "polling"
    """Whether one replica at a time asks for what happened in the chats, or Telegram posts it to the edge."""

    telegram_webhook_secret: SecretStr | None = None
    """What Telegram shows with each update that it posts: the same as the edge's."""

    telegram_timeout: timedelta = timedelta(seconds=10)
    """How long Telegram may take for one answer."""

    telegram_wait: timedelta = timedelta(seconds=20)
    """How long Telegram may hold a question for updates until something happens."""

    @property
    def mail_url(self) -> str:
        """`smtp_url` with its password."""
        return with_password(self.smtp_url.get_secret_value(), self.smtp_password)

    @model_validator(mode="after")
    def _a_lease_outlasts_its_mail(self) -> Self:
        if self.send_lease <= 5 * self.smtp_timeout:
            raise ValueError("SEND_LEASE must be more than five times SMTP_TIMEOUT, which a mail may take")
        if "push" in self.optional_channels and self.send_lease <= 2 * self.push_timeout:
            raise ValueError("SEND_LEASE must be more than twice PUSH_TIMEOUT, which a push message may take")
        if "telegram" in self.optional_channels and self.send_lease <= 2 * self.telegram_timeout:
            raise ValueError("SEND_LEASE must be more than twice TELEGRAM_TIMEOUT, which a message to a chat may take")
        return self

    @model_validator(mode="after")
    def _a_webhook_has_a_secret(self) -> Self:
        secret = self.telegram_webhook_secret.get_secret_value() if self.telegram_webhook_secret else ""
        if self.telegram_updates == "webhook" and not _WEBHOOK_SECRET.fullmatch(secret):
            raise ValueError("TELEGRAM_WEBHOOK_SECRET must be 1 to 256 letters, digits, _ and -")
        return self

    @property
    def optional_channels(self) -> frozenset[str]:
        """The channels beside the inbox and mails that are set up."""
        push = {"push"} if self.vapid_key or self.fcm_credentials else set()
        return frozenset(push | ({"telegram"} if self.telegram_bot_token else set()))

    @property
    def zone(self) -> ZoneInfo:
        """`timezone` itself."""
        return ZoneInfo(self.timezone)
