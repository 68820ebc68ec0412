"""Reading manifests: what runs, what it is given, and who selects it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.kubernetes.kustomize import Resource

ROOT = Path(__file__).parents[2]
SERVICES = ("edge", "contacts", "tickets", "notifier", "feedback")
STORING = SERVICES[1:]

Resources = Sequence[Resource]
Rule = Callable[[Resources], Iterator[str]]
"""What must be true of the manifests together with the code; tells what is wrong, in words."""


def of_kind(resources: Resources, *kinds: str) -> list[Resource]:
    """Those of these kinds."""
    return [one for one in resources if one["kind"] in kinds]


def workloads(resources: Resources) -> dict[str, Resource]:
    """Everything of ours that runs, by name."""
    return {one["metadata"]["name"]: one for one in of_kind(resources, "Deployment", "Job")}


def container(workload: Resource) -> dict[str, Any]:
    """The one container of a workload."""
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


def service_of(name: str) -> str:
    """The service whose code a workload runs."""
    return name.removeprefix("migrate-")


def pod_labels(workload: Resource) -> dict[str, str]:
    """What selectors see."""
    found: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return found


def environment(resources: Resources, workload: Resource) -> tuple[dict[str, str], list[str]]:
    """What a workload is given, and which references lead nowhere; what a Secret holds reads `secret`."""
    configured = {one["metadata"]["name"]: one.get("data", {}) for one in of_kind(resources, "ConfigMap")}
    given: dict[str, str] = {}
    astray: list[str] = []
    for one in container(workload).get("env", ()):
        source = one.get("valueFrom", {})
        if wanted := source.get("configMapKeyRef"):
            values = configured.get(wanted["name"], {})
            if wanted["key"] not in values:
                astray.append(f"{wanted['name']}/{wanted['key']}")
            given[one["name"]] = values.get(wanted["key"], "")
        else:
            given[one["name"]] = one.get("value", "secret of at least sixteen")
    return given, astray


def database_users(resources: Resources) -> list[Resource]:
    """The users of MongoDB."""
    return [user for one in of_kind(resources, "MongoDBCommunity") for user in one["spec"]["users"]]


def selectors(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Every selector of pods within a resource, wherever it stands."""
    if resource["kind"] == "Service":
        yield {"matchLabels": resource["spec"]["selector"]}
        return
    around: list[Any] = [resource.get("spec", {})]
    while around:
        here = around.pop()
        if isinstance(here, list):
            around.extend(here)
        elif isinstance(here, dict) and "namespaceSelector" not in here:
            yield from (here[key] for key in ("selector", "podSelector", "labelSelector") if key in here)
            around.extend(here.values())


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes a pod; an empty one takes all."""
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for one in selector.get("matchExpressions", ()):
        if one["operator"] != "In" or labels.get(one["key"]) not in one["values"]:
            return False
    return True
