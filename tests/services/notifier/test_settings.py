"""A notifier that couldn't send a mail says so at start, not at the first mail."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.notifier.deliver.render import Writer
from services.notifier.settings import Settings


def test_a_lease_shorter_than_a_mail_may_take_is_refused() -> None:
    with pytest.raises(ValidationError, match="SEND_LEASE"):
        Settings(smtp_timeout=timedelta(seconds=10), send_lease=timedelta(seconds=50))


@pytest.mark.parametrize("domain", ["", "a b", "a>\r\nBcc: x"])
def test_a_domain_that_would_break_the_message_id_is_refused(domain: str) -> None:
    with pytest.raises(ValidationError, match="mail_domain"):
        Settings(mail_domain=domain)


def test_a_sender_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="MAIL_FROM"):
        Writer(sender="Atendimento", domain="provedor.example", timezone="America/Sao_Paulo")


def test_r28_the_password_of_the_mail_server_is_not_shown() -> None:
    assert "segredo" not in repr(Settings.model_validate({"smtp_url": "smtp://eu:segredo@mail.example"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"telegram_updates": "webhook"},
        {"telegram_updates": "webhook", "telegram_webhook_secret": "not this"},
        {"telegram_bot_token": "1:x", "telegram_timeout": timedelta(seconds=30)},
    ],
)
def test_settings_with_which_no_chat_would_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"TELEGRAM_WEBHOOK_SECRET|TELEGRAM_TIMEOUT"):
        Settings(**wrong)
