"""What must be true of everything that runs: its image, ports, probes, settings, privileges, memory and end."""

import importlib
import re
from collections.abc import Iterator
from datetime import timedelta

from pydantic import ValidationError

from chassis.http.health import HealthApp
from chassis.process import STOPS_WITHIN
from chassis.settings import Settings
from tests.kubernetes.manifests import (
    ROOT,
    SERVICES,
    STORING,
    Resources,
    container,
    environment,
    of_kind,
    service_of,
    workloads,
)

AT_REST_MB, OVERLOADED_MB = 87, 107
"""The most that bench/README.md and the overload runs saw."""

_MB = {"Mi": 1.048576, "Gi": 1073.741824}


def settings_of(name: str) -> type[Settings]:
    """What the program of a workload reads: a job reads what every service reads."""
    if name not in SERVICES:
        return Settings
    found: type[Settings] = importlib.import_module(f"services.{name}.settings").Settings
    return found


def ports_and_probes_are_the_code_s(resources: Resources) -> Iterator[str]:
    """The port is the image's; the three probes ask paths that are served there."""
    port = int(re.findall(r"^EXPOSE (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0])
    health = HealthApp(live=None, ready=None, registry=None)  # type: ignore[arg-type]
    paths = {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
    for deployment in of_kind(resources, "Deployment"):
        name, runs = deployment["metadata"]["name"], container(deployment)
        if runs["ports"] != [{"name": "http", "containerPort": port}]:
            yield f"{name}: listens on {runs['ports']}, not on {port}"
        for probe, path in paths.items():
            asked = runs.get(probe, {}).get("httpGet", {})
            if asked != {"path": path, "port": "http"} or not health.serves(path):
                yield f"{name}: its {probe} asks {asked}"
    yield from _doors(resources, health)


def _doors(resources: Resources, health: HealthApp) -> Iterator[str]:
    for service in of_kind(resources, "Service"):
        if [one["targetPort"] for one in service["spec"]["ports"]] != ["http"]:
            yield f"Service {service['metadata']['name']}: leads to another port"
    for monitor in of_kind(resources, "PodMonitor"):
        ours = monitor["metadata"]["name"] == "services"
        for end in monitor["spec"]["podMetricsEndpoints"]:
            if ours and (end["port"] != "http" or not health.serves(end["path"])):
                yield f"PodMonitor: nothing is at {end['port']} {end['path']}"


def variables_are_settings(resources: Resources) -> Iterator[str]:
    """A program reads every variable that it is given, can read its value, and is given what it can't do without."""
    for name, workload in workloads(resources).items():
        settings = settings_of(name)
        given, astray = environment(resources, workload)
        yield from (f"{name}: {reference} isn't there" for reference in astray)
        read = {field.upper(): field for field in settings.model_fields}
        needed = {"MONGO_URL"} if service_of(name) in STORING else set()
        needed |= {"AMQP_URL", "MIGRATES"} if name in SERVICES else set()
        needed |= {known for known, field in read.items() if settings.model_fields[field].is_required()}
        yield from (f"{name}: nobody reads {unknown}" for unknown in sorted(set(given) - set(read)))
        yield from (f"{name}: needs {missing}" for missing in sorted(needed - set(given)))
        values = {read[known]: value for known, value in given.items() if known in read and value}
        values |= {"smtp_url": "smtp://mail"} if "smtp_url" in values else {}
        try:
            settings.model_validate(values)
        except ValidationError as error:
            yield from (f"{name}: can't read {one['loc'][0]}" for one in error.errors() if one["type"] != "missing")
        if name in SERVICES and given.get("MIGRATES") != "job":
            yield f"{name}: would migrate by itself, beside its job"
        if name in SERVICES and given.get("AMQP_RIGHTS") != "own":
            yield f"{name}: would declare what its user may not"


def they_have_no_privileges(resources: Resources) -> Iterator[str]:
    """Nobody is root, may become more, writes, or has a token; the user is the image's."""
    uid = int(re.findall(r"^ARG UID=(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0])
    restricted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    for name, workload in workloads(resources).items():
        pod = workload["spec"]["template"]["spec"]
        user = {"runAsNonRoot": True, "runAsUser": uid, "runAsGroup": uid, "seccompProfile": {"type": "RuntimeDefault"}}
        if pod.get("securityContext") != user or container(workload).get("securityContext") != restricted:
            yield f"{name}: has privileges"
        if pod.get("automountServiceAccountToken") is not False or pod.get("enableServiceLinks") is not False:
            yield f"{name}: has a token, or the names of others in its environment"
        for volume in pod.get("volumes", ()):
            if set(volume) - {"name", "emptyDir", "secret", "configMap"}:
                yield f"{name}: mounts {volume}"


def they_may_finish(resources: Resources) -> Iterator[str]:
    """Between SIGTERM and SIGKILL there is time for the drain, for what hangs after it, and for what came before."""
    drains: timedelta = Settings.model_fields["drain_within"].default
    for deployment in of_kind(resources, "Deployment"):
        name, runs = deployment["metadata"]["name"], container(deployment)
        before = runs.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        needed = drains + STOPS_WITHIN + timedelta(seconds=int(before[-1]))
        granted = timedelta(seconds=deployment["spec"]["template"]["spec"].get("terminationGracePeriodSeconds", 30))
        if granted < needed + timedelta(seconds=5):
            yield f"{name}: has {granted} to finish what may take {needed}"
        if "DRAIN_WITHIN" in environment(resources, deployment)[0]:
            yield f"{name}: drains for another time than was measured"


def there_is_room_as_measured(resources: Resources) -> Iterator[str]:
    """Memory is asked for as used at rest, and granted at least twice what an overload took."""
    for deployment in of_kind(resources, "Deployment"):
        name, resource = deployment["metadata"]["name"], container(deployment)["resources"]
        if megabytes(resource["requests"]["memory"]) < AT_REST_MB:
            yield f"{name}: asks for less than it uses"
        if megabytes(resource["limits"]["memory"]) < 2 * OVERLOADED_MB:
            yield f"{name}: would be killed when it is needed most"
        if "cpu" in resource["limits"]:
            yield f"{name}: throttled, it misses heartbeats"


def megabytes(quantity: str) -> float:
    """A quantity of memory in millions of bytes."""
    return int(quantity[:-2]) * _MB[quantity[-2:]]


def images_are_the_services_own(resources: Resources) -> Iterator[str]:
    """A workload runs its own service's image, in the release that all run; a job runs its service's migrations."""
    releases = {container(one)["image"].rpartition(":")[2] for one in workloads(resources).values()}
    if len(releases) != 1 or releases & {"", "latest"}:
        yield f"releases: {sorted(releases)}"
    for name, workload in workloads(resources).items():
        repository = container(workload)["image"].rpartition(":")[0]
        if not repository.endswith(f"/{service_of(name)}"):
            yield f"{name}: runs {repository}"
        wanted = ["python", "-m", "chassis.persistence.migrations", f"services.{service_of(name)}"]
        if name not in SERVICES and container(workload).get("command") != wanted:
            yield f"{name}: does something else"
