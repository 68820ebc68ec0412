"""Secrets from files: they are read, they reach the URLs, and they are shown nowhere."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from chassis.settings import Settings, with_password
from services.feedback.settings import Settings as FeedbackSettings
from services.notifier.settings import Settings as NotifierSettings

AWKWARD = "s€cr/t:@?#%"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{AWKWARD}\n")
    return path


def test_passwords_from_files_reach_broker_and_database(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://contacts@one:5672,two:5672/here")
    monkeypatch.setenv("AMQP_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("MONGO_URL", "mongodb://contacts@one,two/?replicaSet=atendo")
    monkeypatch.setenv("MONGO_PASSWORD_FILE", str(secret))

    settings = Settings()

    said = "s%E2%82%ACcr%2Ft%3A%40%3F%23%25"
    assert settings.broker_url == f"amqp://contacts:{said}@one:5672,two:5672/here"
    assert settings.database_url == f"mongodb://contacts:{said}@one,two/?replicaSet=atendo"


def test_any_setting_may_stand_in_a_file(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("a secret of sixteen or more\n")
    monkeypatch.setenv("LINK_SECRET_FILE", str(secret))
    monkeypatch.setenv("SMTP_URL", "smtps://eu@mail.example")
    monkeypatch.setenv("SMTP_PASSWORD_FILE", str(secret))

    feedback, notifier = FeedbackSettings.model_validate({}), NotifierSettings()

    assert feedback.link_secret.get_secret_value() == "a secret of sixteen or more"
    assert notifier.mail_url == "smtps://eu:a%20secret%20of%20sixteen%20or%20more@mail.example"


def test_what_the_environment_says_itself_comes_first(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://contacts@here/")
    monkeypatch.setenv("AMQP_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("AMQP_PASSWORD", "sesame")

    assert Settings().broker_url == "amqp://contacts:sesame@here/"


def test_a_file_that_is_not_there_is_told_at_start_by_the_name_of_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_PASSWORD_FILE", str(tmp_path / "nowhere"))

    with pytest.raises(SettingsError, match=r"AMQP_PASSWORD_FILE names .*/nowhere, which can't be read"):
        Settings()


def test_a_password_takes_the_place_of_the_one_in_the_url() -> None:
    assert with_password("amqp://a:old@h/v", SecretStr("new")) == "amqp://a:new@h/v"
    assert with_password("amqp://a:old@h/v", None) == "amqp://a:old@h/v"


@pytest.mark.parametrize("url", ["amqp://h:5672/", "mongodb://one:1,two:2/?x=a@b", "smtp://:x@h"])
def test_a_password_for_nobody_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="no user") as refusal:
        with_password(url, SecretStr(AWKWARD))

    assert AWKWARD not in str(refusal.value)


def test_r28_no_secret_is_shown_by_settings_or_by_what_is_wrong_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://contacts:segredo@here/")
    monkeypatch.setenv("MONGO_URL", "mongodb://contacts:segredo@here/")
    monkeypatch.setenv("AMQP_PASSWORD", "segredo")
    monkeypatch.setenv("LINK_SECRET", "segredo")

    with pytest.raises(ValidationError) as refusal:
        FeedbackSettings.model_validate({})

    assert "segredo" not in str(refusal.value)
    assert "segredo" not in repr(Settings())
    assert "segredo" not in str(Settings())
