"""What every seed makes of the same things: settings, keys, compiled templates. Made once a process."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import stamina
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from chassis import service as chassis_service
from chassis.messaging.middleware import broker_alarm
from chassis.observability.metrics import Metrics
from chassis.service import Service
from chassis.settings import Settings
from contracts import topology
from contracts.channels import WebPushKeys
from services.edge.settings import Settings as EdgeSettings
from services.notifier import parts
from services.notifier.deliver.render import Writer
from services.notifier.settings import Settings as NotifierSettings
from tests.journeys.provider import SERVICES
from tests.services.notifier.keys import a_vapid_key
from tests.simulation.push_service import HOST

_COMMON = {
    "amqp_rights": "own",
    "public_url": "http://sac.test",
    "link_secret": "s" * 32,
    "smtp_url": "smtp://mail.test",
}
_NOTIFIER = {"push_hosts": HOST, "telegram_bot_token": "1:simulated"}
KEYS = WebPushKeys(
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
)
"""Those of RFC 8291's example."""


@cache
def settings(name: str) -> Settings:
    """The settings of one kind of replica."""
    if name == "edge":
        return EdgeSettings.model_validate({"receipt_secret": "r" * 32, "amqp_rights": "own"})
    if name == "mk":
        return Settings.model_validate({"amqp_rights": "own"})
    more = {**_NOTIFIER, "vapid_key": a_vapid_key()} if name == "notifier" else {}
    return SERVICES[name][1].model_validate(_COMMON | more)  # type: ignore[no-any-return]


def notifier_settings() -> NotifierSettings:
    """Those of the notifier."""
    found = settings("notifier")
    assert isinstance(found, NotifierSettings)
    return found


def build(name: str, **given: Any) -> Service:  # noqa: ANN401 - what is given to it
    """One replica of a service, over its own `build`."""
    made: Service = SERVICES[name][0](settings(name), **given)
    return made


@cache
def _writer(sender: str, domain: str, timezone: str) -> Writer:
    # what it holds are compiled templates, and nobody changes them
    return Writer(sender=sender, domain=domain, timezone=timezone)


@cache
def _shared_metrics() -> Metrics:
    return Metrics()


def _metrics() -> Metrics:
    # its numbers are nobody's here; what services add of their own needs a registry of its own
    made = copy(_shared_metrics())
    made.registry = CollectorRegistry()
    return made


_SELDOM = timedelta(seconds=8)
"""How often replicas look at what they look at several times a second: half of all steps would be these looks."""

_MORE_SELDOM = timedelta(seconds=30)
"""How often they look at what they look at every ten seconds: whether their queues are consumed."""


class _Silent:
    """In the place of every logger."""

    def __init__(self, *_: object, **__: object) -> None:
        """Whatever a logger is made of."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return _nothing

    def bind(self, **_: object) -> "_Silent":
        """The same."""
        return self


def _nothing(*_args: object, **_fields: object) -> None:
    return None


def _itself(metric: object, *_values: object, **_named: object) -> object:
    return metric


_COUNTING = ((Counter, "inc"), (Gauge, "inc"), (Gauge, "dec"), (Gauge, "set"), (Histogram, "observe"))


@contextmanager
def quietly() -> Iterator[None]:
    """Make what costs most once for all seeds, and log nothing, while the context lasts."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(parts, "Writer", _writer))
        stack.enter_context(patch.object(parts, "KEEP_EVERY", _SELDOM))
        stack.enter_context(patch.object(chassis_service, "Metrics", _metrics))
        stack.enter_context(patch.object(chassis_service, "CLEAR_EVERY", _SELDOM))
        stack.enter_context(patch.object(chassis_service, "LOOK_EVERY", _MORE_SELDOM))
        stack.enter_context(patch.object(broker_alarm, "_LOOK_EVERY", _SELDOM))
        stack.enter_context(patch.object(topology, "queues", cache(topology.queues)))
        for metric in (Counter, Gauge, Histogram):
            stack.enter_context(patch.object(metric, "labels", _itself))
        for owner, name in _COUNTING:
            stack.enter_context(patch.object(owner, name, _nothing))
        # a weak set in Python of all tasks, which only debuggers ask for, by its name in this version of Python
        for name in ("_all_tasks", "_scheduled_tasks"):
            if (all_tasks := getattr(asyncio.tasks, name, None)) is not None:
                stack.enter_context(patch.object(all_tasks, "add", _nothing))
        stack.callback(structlog.reset_defaults)
        structlog.configure(wrapper_class=_Silent)  # type: ignore[arg-type]
        stamina.instrumentation.set_on_retry_hooks([])
        yield
