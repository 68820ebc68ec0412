"""What must be true around what runs: who is there, scales, selects, speaks with whom, and knows which secret."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from fastapi.routing import APIRoute

from contracts import topology
from services.edge.app import build as build_edge
from services.edge.routes import app
from services.edge.settings import Settings as EdgeSettings
from tests.kubernetes.manifests import (
    ROOT,
    SERVICES,
    STORING,
    Resources,
    container,
    database_users,
    matches,
    of_kind,
    pod_labels,
    selectors,
    service_of,
    workloads,
)

VERSIONS = ("1.30", "1.33", "1.37")
SCHEMAS = Path(__file__).parent / "schemas"
_NAMED_BY_NOBODY = frozenset({53, 5671, 5672, 27017, 25, 465, 587})
"""Ports of what the provider itself says where it is."""

_INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")
"""Where clusters and machines have their own addresses, those of their keepers among them."""

_SECRET_BEARING = re.compile(r"\w+://[^/@\s]+:[^@/\s]+@")


def they_are_valid(resources: Resources) -> Iterator[str]:
    """Kubernetes, or the schema of its operator, takes every resource."""
    for resource in resources:
        name = f"{resource['kind']} {resource['metadata'].get('name')}"
        own = SCHEMAS / f"{resource['kind']}.json"
        if own.exists():
            for error in jsonschema.Draft202012Validator(json.loads(own.read_text())).iter_errors(resource):
                yield f"{name}: {error.json_path}: {error.message}"
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                yield f"{name}: Kubernetes {version}: {error}"


def every_service_is_there(resources: Resources) -> Iterator[str]:
    """Each service has all that a service has, each of its own name."""
    wanted = {"Deployment": SERVICES, "PodDisruptionBudget": SERVICES, "ScaledObject": SERVICES}
    for kind, names in {**wanted, "Job": tuple(f"migrate-{name}" for name in STORING)}.items():
        there = {one["metadata"]["name"] for one in of_kind(resources, kind)}
        yield from (f"no {kind} {name}" for name in sorted(set(names) - there))
        yield from (f"a {kind} of nobody: {name}" for name in sorted(there - set(names)))


def queues_are_the_topology_s(resources: Resources) -> Iterator[str]:
    """Every working queue scales its own service, and nothing else does."""
    kinds = {"events", "commands", "deliveries"}
    wanted = {(queue.service, queue.name) for queue in topology.queues() if queue.kind in kinds}
    wanted = {(service, name) for service, name in wanted if service in SERVICES}
    there = {
        (scaled["spec"]["scaleTargetRef"]["name"], trigger["metadata"]["queueName"])
        for scaled in of_kind(resources, "ScaledObject")
        for trigger in scaled["spec"]["triggers"]
        if trigger["type"] == "rabbitmq"
    }
    yield from (f"{service} doesn't scale on {name}" for service, name in sorted(wanted - there))
    yield from (f"{service} scales on {name}, which it doesn't work on" for service, name in sorted(there - wanted))


def scaling_decides_the_number(resources: Resources) -> Iterator[str]:
    """A Deployment that is scaled says no number itself, and its bounds make sense."""
    deployments = {one["metadata"]["name"]: one for one in of_kind(resources, "Deployment")}
    for scaled in of_kind(resources, "ScaledObject"):
        spec, name = scaled["spec"], scaled["spec"]["scaleTargetRef"]["name"]
        if "replicas" in deployments.get(name, {"spec": {}})["spec"]:
            yield f"{name}: every apply would undo its scaling"
        if not 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]:
            yield f"{name}: from {spec['minReplicaCount']} to {spec['maxReplicaCount']} replicas"
        known = {one["name"] for one in container(deployments[name])["env"]} if name in deployments else set()
        for trigger in spec["triggers"]:
            if trigger["type"] == "rabbitmq" and trigger["metadata"].get("hostFromEnv") not in known:
                yield f"{name}: KEDA can't ask the broker"


def secrets_come_from_elsewhere(resources: Resources) -> Iterator[str]:
    """No secret stands here; each that is named is told of in the README, or made by MongoDB's operator."""
    yield from (f"a Secret stands here: {one['metadata']['name']}" for one in of_kind(resources, "Secret"))
    yield from (f"a password stands in {one['kind']}" for one in resources if _SECRET_BEARING.search(str(one)))
    readme = (ROOT / "deploy" / "kubernetes" / "README.md").read_text()
    documented = set(re.findall(r"^\| `([a-z-]+)` \| `([\w.-]+)`", readme, re.MULTILINE))
    users = {user["connectionStringSecretName"]: user for user in database_users(resources)}
    for name, workload in workloads(resources).items():
        for one in container(workload).get("env", ()):
            asked = one.get("valueFrom", {}).get("secretKeyRef")
            if asked is None:
                continue
            if one["name"] == "MONGO_URL":
                if users.get(asked["name"], {}).get("name") != service_of(name):
                    yield f"{name}: opens the database as somebody else"
            elif (asked["name"], asked["key"]) not in documented or not asked["name"].startswith(service_of(name)):
                yield f"{name}: whose secret is {asked['name']}/{asked['key']}?"


def a_user_opens_its_own_database_alone(resources: Resources) -> Iterator[str]:
    """MongoDB has one user a service, which reads and writes the database that the service calls its own."""
    users = {user["name"]: user["roles"] for user in database_users(resources)}
    if set(users) != set(STORING):
        yield f"users: {sorted(users)}"
    for name, roles in users.items():
        if roles != [{"name": "readWrite", "db": name}]:
            yield f"user {name}: {roles}"


def selectors_find_somebody(resources: Resources) -> Iterator[str]:
    """What selects pods selects some, a workload its own; the operators' pods have the labels that operators give."""
    pods = [pod_labels(one) for one in workloads(resources).values()]
    pods += [{"app.kubernetes.io/name": "rabbitmq"}, {"app": "mongodb-svc"}]
    for resource in resources:
        for selector in selectors(resource):
            if not any(matches(selector, labels) for labels in pods):
                yield f"{resource['kind']} {resource['metadata']['name']}: selects nobody by {selector}"
    for deployment in of_kind(resources, "Deployment"):
        if not matches(deployment["spec"]["selector"], pod_labels(deployment)):
            yield f"Deployment {deployment['metadata']['name']}: doesn't select its own pods"
    for budget in of_kind(resources, "PodDisruptionBudget", "Service"):
        selector, name = budget["spec"]["selector"], budget["metadata"]["name"]
        labels = selector.get("matchLabels", selector)
        if labels.get("app.kubernetes.io/name") != name:
            yield f"{budget['kind']} {name}: selects somebody else"


@cache
def public_routes() -> tuple[str, ...]:
    """What the edge serves to customers; `/health` and `/metrics` are not theirs."""
    paths = build_edge(EdgeSettings.model_validate({"receipt_secret": "r" * 32})).http.openapi()["paths"]
    own = ("/health/live", "/health/ready", "/metrics")
    apps = {route.path for route in app.router.routes if isinstance(route, APIRoute)}
    return (*(path for path in paths if path not in own), "/openapi.json", *sorted(apps))


def customers_reach_what_is_theirs(resources: Resources) -> Iterator[str]:
    """Every public route is behind the ingress; health and metrics aren't."""
    paths = [path for one in of_kind(resources, "Ingress") for path in one["spec"]["rules"][0]["http"]["paths"]]
    for route in public_routes():
        if not any(_leads(path, route) for path in paths):
            yield f"nobody reaches {route}"
    for inner in ("/health/live", "/health/ready", "/metrics"):
        if any(_leads(path, inner) for path in paths):
            yield f"everybody reaches {inner}"
    yield from (f"{path['path']} leads elsewhere" for path in paths if path["backend"]["service"]["name"] != "edge")


def _leads(path: Mapping[str, Any], route: str) -> bool:
    if path["pathType"] == "Exact":
        return bool(route == path["path"])
    return route == path["path"] or route.startswith(path["path"].rstrip("/") + "/")


def alerts_are_everywhere_the_same(resources: Resources) -> Iterator[str]:
    """What calls somebody elsewhere calls them here."""
    elsewhere = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules" / "atendo.yml").read_text())
    there = [group for one in of_kind(resources, "PrometheusRule") for group in one["spec"]["groups"]]
    yield from (f"no {group['name']} as elsewhere" for group in elsewhere["groups"] if group not in there)


def nobody_speaks_unasked(resources: Resources) -> Iterator[str]:
    """All is denied but DNS and what each is there for: the broker, its database, mail, push and Telegram, the keys."""
    policies = of_kind(resources, "NetworkPolicy")
    if not any(one["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} for one in policies):
        yield "nothing is denied"
    for name, workload in workloads(resources).items():
        wanted = {53} | ({5672, 5671} if name in SERVICES else set())
        wanted |= {27017} if service_of(name) in STORING else set()
        wanted |= {"notifier": {25, 443, 465, 587}, "edge": {443}}.get(name, set())
        there = reached_ports(policies, pod_labels(workload))
        if there != wanted:
            yield f"{name}: may reach {sorted(there)}, not {sorted(wanted)}"
    for name in SERVICES:
        came = sorted(callers(policies, {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "service"}))
        if came != sorted({"monitoring", *(("ingress-nginx",) if name == "edge" else ())}):
            yield f"{name}: is reached from {came}"


def what_customers_name_is_outside(resources: Resources) -> Iterator[str]:
    """The notifier speaks HTTPS with addresses of the world alone: customers name the endpoints of push."""
    labels = pod_labels(workloads(resources)["notifier"])
    rules = [
        rule
        for policy in of_kind(resources, "NetworkPolicy")
        if matches(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get("egress", ())
        if not {one["port"] for one in rule["ports"]} <= _NAMED_BY_NOBODY
    ]
    blocks = [peer.get("ipBlock") for rule in rules for peer in rule.get("to", [{}])]
    if not blocks:
        yield "no push service can be reached"
    for block in blocks:
        if block is None:
            yield "HTTPS may go anywhere"
            continue
        open_to, kept = ip_network(block["cidr"]), [ip_network(one) for one in block.get("except", ())]
        for inner in (one for one in map(ip_network, _INSIDE) if one.version == open_to.version):
            if not any(_covers(one, inner) for one in kept):
                yield f"HTTPS may go to {inner}"


def _covers(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    # compared by their ends: of one version, as the caller looked
    return int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def reached_ports(policies: Resources, labels: Mapping[str, str]) -> set[int]:
    """Every port, of whomever, that a pod may speak to."""
    return {
        one["port"]
        for policy in policies
        if matches(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get("egress", ())
        for one in rule["ports"]
    }


def callers(policies: Resources, labels: Mapping[str, str]) -> set[str]:
    """The namespaces from which a pod may be reached."""
    return {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for policy in policies
        if matches(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get("ingress", ())
        for peer in rule["from"]
    }
