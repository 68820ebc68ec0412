"""The AsyncAPI 3 document of a service: every exchange, queue, binding and key that it touches, from the contracts.

FastStream writes such documents from its own handlers, but knows neither bindings that we declare beforehand, nor what
shares a queue, nor retries and dead letters; so this is made from `contracts` alone, where all of it stands.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from contracts import topology
from contracts.catalogue import all_requests, messages
from contracts.message import MK, Message
from contracts.rights import ASKED_BY_MK, EDGE
from contracts.rpc import Reply, Request

Document = dict[str, Any]

SERVICES = (*topology.LISTENS, "edge")


def document(service: str) -> Document:
    """The whole document of `service`, ready to be written."""
    received, published, asked, asks = _received(service), _published(service), _asked(service), _asks(service)
    models: list[type[BaseModel]] = [*received, *published, *asked, *asks, *([Reply] if asked or asks else [])]
    names, schemas = _schemas(models)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Atendo {service}",
            "version": "1",
            "description": "Generated from `contracts/`; see contracts/topology.py and docs/architecture.md.",
        },
        "defaultContentType": "application/json",
        "channels": {
            **{_key_channel(message): _key(message) for message in (*received, *published)},
            **{queue.name: _queue(queue, asked) for queue in topology.queues() if queue.service == service},
            **({_replies_to(service): _replies(service)} if asked or asks else {}),
            **{request.queue(): _asked_queue(request.queue(), asks) for request in asks},
        },
        "operations": {
            **{
                f"on{message.publisher.title()}{message.__name__}": _operation("receive", message)
                for message in received
            },
            **{f"publish{message.__name__}": _operation("send", message) for message in published},
            **{f"answer{request.__name__}": _request("receive", request, service) for request in asked},
            **{f"ask{request.__name__}": _request("send", request, service) for request in asks},
        },
        "components": {
            "messages": {_name(model): _message(model, names[model]) for model in models},
            "schemas": schemas,
        },
    }


def _received(service: str) -> list[type[Message]]:
    own = list(topology.CHANNELS.values()) if service == "notifier" else []
    return [*topology.LISTENS.get(service, ()), *own]


def _published(service: str) -> list[type[Message]]:
    return [message for message in messages() if message.publisher == service]


def _asked(service: str) -> list[type[Request[Any]]]:
    return [request for request in all_requests() if request.service == service]


def _asks(service: str) -> list[type[Request[Any]]]:
    if service == MK:
        return [request for request in all_requests() if request.queue() in ASKED_BY_MK]
    return list(all_requests()) if service == EDGE else []


def _replies_to(service: str) -> str:
    # a service answers whoever asks, as the edge does
    return f"{MK if service == MK else EDGE}.replies"


def _name(model: type[BaseModel]) -> str:
    return f"{model.publisher}.{model.type_name()}" if issubclass(model, Message) else model.__name__


def _key_channel(message: type[Message]) -> str:
    return f"{message.exchange()}/{message.routing_key()}"


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)}


def _schemas(models: list[type[BaseModel]]) -> tuple[dict[type[BaseModel], dict[str, str]], Document]:
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "serialization") for model in dict.fromkeys(models)]
    refs, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    names = {model: {"$ref": str(refs[model, mode]["$ref"])} for model, mode in modes}
    return names, definitions.get("$defs", {})


def _message(model: type[BaseModel], schema: dict[str, str]) -> Document:
    kind = model.type_name() if issubclass(model, Message) else f"{model.__name__}.v1"
    summary = (model.__doc__ or "").strip().splitlines()[0]
    return {"name": kind, "title": model.__name__, "summary": summary, "payload": schema}


def _exchange(name: str) -> Document:
    return {"name": name, "type": "topic", "durable": True, "autoDelete": False}


def _key(message: type[Message]) -> Document:
    return {
        "address": message.routing_key(),
        "messages": {message.__name__: _ref("components", "messages", _name(message))},
        "bindings": {"amqp": {"is": "routingKey", "exchange": _exchange(message.exchange())}},
    }


def _queue(queue: topology.Queue, asked: list[type[Request[Any]]]) -> Document:
    here = [request for request in asked if request.queue() == queue.name]
    return {
        "address": queue.name,
        "description": _PURPOSE[queue.kind],
        "messages": {request.__name__: _ref("components", "messages", request.__name__) for request in here},
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": queue.name, "durable": True, "exclusive": False, "autoDelete": False},
            }
        },
        "x-arguments": dict(queue.arguments),
        "x-bindings": [{"exchange": exchange, "pattern": pattern} for exchange, pattern in queue.bindings],
    }


def _asked_queue(name: str, asks: list[type[Request[Any]]]) -> Document:
    queue = next(queue for queue in topology.queues() if queue.name == name)
    return _queue(queue, asks)


def _replies(service: str) -> Document:
    name = _replies_to(service)
    return {
        "address": f"{name}.{{replica}}",
        "description": "One exclusive queue a replica of who asks; replies find their caller by `correlation_id`.",
        "parameters": {"replica": {"description": "A UUID."}},
        "messages": {"Reply": _ref("components", "messages", "Reply")},
        "bindings": {"amqp": {"is": "queue", "queue": {"durable": False, "exclusive": True, "autoDelete": True}}},
        "x-bindings": [{"exchange": topology.REPLIES, "pattern": f"{name}.{{replica}}"}],
    }


def _operation(action: str, message: type[Message]) -> Document:
    channel = _ref("channels", _key_channel(message))
    return {
        "action": action,
        "channel": channel,
        "summary": (message.__doc__ or "").strip().splitlines()[0],
        "messages": [{"$ref": f"{channel['$ref']}/messages/{message.__name__}"}],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": topology.has_listener(message), "ack": True}},
    }


def _request(action: str, request: type[Request[Any]], service: str) -> Document:
    channel, replies = _ref("channels", request.queue()), _ref("channels", _replies_to(service))
    return {
        "action": action,
        "channel": channel,
        "summary": (request.__doc__ or "").strip().splitlines()[0],
        "messages": [{"$ref": f"{channel['$ref']}/messages/{request.__name__}"}],
        "reply": {
            "address": {"location": "$message.header#/replyTo"},
            "channel": replies,
            "messages": [{"$ref": f"{replies['$ref']}/messages/Reply"}],
        },
        "bindings": {"amqp": {"deliveryMode": 2 if request.durable else 1, "mandatory": True, "ack": True}},
    }


_PURPOSE: dict[topology.Kind, str] = {
    "events": "What the service listens to.",
    "commands": "Durable orders; they never expire and are idempotent by `request_id`.",
    "queries": "Reads of who asks; they expire with its time-out.",
    "deliveries": "Notifications due on one channel.",
    "retry": "Waits out one delay, then goes back to the queue named in its routing key.",
    "dead": "Dead letters, each with its reason, for `atendo dead`.",
}
