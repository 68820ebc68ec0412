"""What every service reads from its environment; a service's own `settings.py` adds to it."""

from datetime import timedelta
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.topology import Rights


class Settings(BaseSettings):
    """The environment of one replica: `AMQP_URL`, `MONGO_URL`, `PORT` and so on."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    amqp_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    """Of a cluster, all hosts: `amqp://user:password@one:5672,two:5672,three:5672/vhost`."""

    amqp_rights: Rights = Rights.ALL
    """`own` where the user is this service's, of deploy/rabbitmq/definitions.json, which may declare little."""

    mongo_url: str = "mongodb://127.0.0.1:27017"
    """Of a replica set, all members: `mongodb://one,two,three/?replicaSet=name`."""

    mongo_driver: Literal["motor", "pymongo"] = "motor"
    database_prefix: str = ""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)

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
