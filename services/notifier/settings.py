"""What the notifier reads from its environment beside what every service reads."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, model_validator

from chassis import settings
from chassis.settings import with_password


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
    mail_own_addresses: str = ""
    """Further addresses that are ours, as where bounces go: nothing is sent to them, nor to that of `MAIL_FROM`."""

    mail_hourly_cap: int = Field(default=30, ge=1)
    """How many mails a customer gets within an hour; more is skipped. Receipts (R11) go whatever their number."""

    mail_domain: str = Field(default="atendo.local", pattern=r"^[A-Za-z0-9.-]+$")
    """What follows the `@` in the Message-ID of our mails."""

    timezone: str = "America/Sao_Paulo"
    """In whose local time moments are written to people."""

    send_lease: timedelta = timedelta(seconds=60)
    """How long a replica may take over one mail before it counts as crashed."""

    address_off_for: timedelta = timedelta(days=30)
    """How long nothing is sent to an address whose mail server said that it takes no mail (R19)."""

    @property
    def mail_url(self) -> str:
        """`smtp_url` with its password."""
        return with_password(self.smtp_url.get_secret_value(), self.smtp_password)

    @model_validator(mode="after")
    def _a_lease_outlasts_its_mail(self) -> Self:
        if self.send_lease <= 5 * self.smtp_timeout:
            raise ValueError("SEND_LEASE must be more than five times SMTP_TIMEOUT, which a mail may take")
        return self
