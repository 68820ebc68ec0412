"""What the edge is made of: the only file that knows."""

import time

from chassis.observability.logging import logger
from chassis.process import run
from services.edge.auth import Keys, Tokens
from services.edge.broker import RabbitBroker
from services.edge.channels import KnownChannels
from services.edge.dependencies import Parts, Rates
from services.edge.gateway import Gateway
from services.edge.held import HeldQueues
from services.edge.layers import layered
from services.edge.metrics import HttpMetrics
from services.edge.middleware.admission import Pools
from services.edge.ports import Broker
from services.edge.receipts import Receipts
from services.edge.replica import Edge
from services.edge.routes import application
from services.edge.settings import Settings
from services.edge.ticket_news import TicketNews
from services.edge.web.app_files import App
from services.edge.web.pages import Pages


def build(settings: Settings | None = None, *, broker: Broker | None = None) -> Edge:
    """One replica of the edge; what is given is used."""
    settings = settings or Settings()
    log, metrics, now = logger(), HttpMetrics(), time.monotonic
    broker = broker or RabbitBroker(settings, now=now)
    keys = Keys.of(settings, log=log)
    metrics.keys_age.set_function(keys.age_seconds)
    pools = Pools(settings.max_in_flight, shed=metrics.shed)
    streams = broker.live.streams
    metrics.streams.set_function(streams.__len__)
    gateway = Gateway(broker.requests, within=settings.reply_within, pools=pools, held=HeldQueues(now=now), log=log)
    broker.live.on_ticket = TicketNews(gateway, streams).changed
    streams.limit(settings.max_streams, on_slow=metrics.dropped.inc)
    tokens, receipts = Tokens(keys, audience=settings.token_audience), Receipts(settings.receipt_secret)
    rates = Rates.of(settings, now=now)
    secret = settings.telegram_webhook_secret.get_secret_value() if settings.telegram_webhook_secret else ""
    web = App(issuer=settings.issuer_url.rstrip("/"), timezone=settings.timezone)
    channels = KnownChannels(gateway, now=now)
    pages = Pages(stylesheet=web.stylesheet, timezone=settings.timezone)
    parts = Parts(gateway, broker.live, receipts, tokens, rates, pages, web, channels, secret)
    http = application(parts, log=log)
    app = layered(http, settings, parts=parts, metrics=metrics)
    return Edge(settings, broker=broker, keys=keys, http=http, app=app, metrics=metrics)


if __name__ == "__main__":
    run(build)
