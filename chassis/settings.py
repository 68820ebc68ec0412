"""What every service reads from its environment; a service's own `settings.py` adds to it."""

import os
import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError


class Rights(StrEnum):
    """What the broker lets a process do."""

    ALL = "all"
    """Everything, as the user of one machine may: it declares the whole topology."""

    OWN = "own"
    """What `contracts.rights` gives a service: the topology was imported, and no default exchange is written."""


class Settings(BaseSettings):
    """The environment of one replica: `AMQP_URL`, `MONGO_URL`, `PORT` and so on.

    Each may stand in a file instead, `AMQP_PASSWORD_FILE` for instance; what the environment says itself comes first.
    """

    # what can't be read may be a secret
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    amqp_url: str = Field(default="amqp://guest:guest@127.0.0.1:5672/", repr=False)
    """Of a cluster, all hosts: `amqp://user:password@one:5672,two:5672,three:5672/vhost`.

    With TLS `amqps://user@host:5671/vhost?cafile=ca.pem`, and `&certfile=…&keyfile=…` for a certificate of our own.
    """

    amqp_password: SecretStr | None = None
    """Takes the place of the one in the URL; so does `mongo_password`."""

    amqp_rights: Rights = Rights.ALL
    """`own` where the user is this service's, of deploy/rabbitmq/definitions.json, which may declare little."""

    mongo_url: str = Field(default="mongodb://127.0.0.1:27017", repr=False)
    """Of a replica set, all members: `mongodb://one,two/?replicaSet=name`; with TLS, `&tls=true&tlsCAFile=ca.pem`."""

    mongo_password: SecretStr | None = None

    mongo_driver: Literal["motor", "pymongo"] = "motor"
    database_prefix: str = ""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)

    tls_cert_file: Path | None = None
    """The certificate of the service's own port, with its key or with `tls_key_file`; without, it speaks plain HTTP."""

    tls_key_file: Path | None = None

    migrates: Literal["at_start", "job"] = "at_start"
    """Who brings the database to what this code needs: the service when it starts, or a job that it waits for."""

    prefetch: int = Field(default=64, ge=1)
    """How many messages of one queue a replica works on at a time: the only bound on concurrency."""

    drain_within: timedelta = timedelta(seconds=15)
    """How long a stopping replica may finish what it has in hand."""

    log_format: Literal["json", "console", "auto"] = "auto"
    log_level: str = "INFO"

    otel_exporter_otlp_endpoint: str = ""
    """Where traces go, by OTLP over HTTP, as `http://collector:4318`; none are made where it is empty."""

    @property
    def broker_url(self) -> str:
        """`amqp_url` with its password."""
        return with_password(self.amqp_url, self.amqp_password)

    @property
    def database_url(self) -> str:
        """`mongo_url` with its password."""
        return with_password(self.mongo_url, self.mongo_password)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over the environment, over the files that it names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, SecretFiles(settings_cls)


_USER = re.compile(r"^(?P<before>\w+://[^/?#@:,]+)(:[^/?#@]*)?@")


class SecretFiles(PydanticBaseSettingsSource):
    """Reads every setting whose file the environment names. Raises: SettingsError where there is no such file."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file says, without the newline at its end; None where none is named."""
        del field
        variable = f"{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text().rstrip("\r\n"), field_name, False
        except OSError as error:
            raise SettingsError(f"{variable} names {path}, which can't be read ({type(error).__name__})") from error

    def __call__(self) -> dict[str, Any]:
        """Every setting that a file holds."""
        told = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in told.items() if value is not None}


def with_password(url: str, password: SecretStr | None) -> str:
    """The URL as it is, or with this password for the user whom it names. Raises: SettingsError where it names none."""
    if password is None:
        return url
    if not _USER.match(url):
        raise SettingsError("there is a password, and the URL that it is for names no user")
    given = quote(password.get_secret_value(), safe="")
    return _USER.sub(lambda found: f"{found['before']}:{given}@", url)
