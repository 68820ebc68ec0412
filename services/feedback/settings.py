"""What feedback reads from its environment, beside what every service reads."""

from datetime import timedelta

from pydantic import Field, SecretStr

from chassis import settings


class Settings(settings.Settings):
    """The environment of one replica of feedback."""

    link_secret: SecretStr = Field(min_length=16)
    """What evaluation links are signed with: the same in every replica, and kept while links are out (R23)."""

    public_url: str = "http://127.0.0.1:8080"
    """Where customers reach the edge."""

    evaluation_remind_after: timedelta = timedelta(days=3)
    evaluation_expires_after: timedelta = timedelta(days=14)
