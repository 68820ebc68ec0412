"""What every service reads from its environment; a service's own `settings.py` adds to it."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.secret_files import SecretFiles, with_password
from chassis.topology import Rights


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
