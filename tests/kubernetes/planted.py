"""Mistakes of the kind that people make in manifests, each with the rule that must find it."""

from collections.abc import Callable
from typing import Any

from tests.kubernetes import house_rules, pod_rules
from tests.kubernetes.kustomize import Resource
from tests.kubernetes.manifests import Rule, container, of_kind, workloads

R = list[Resource]


def the(resources: R, kind: str, name: str) -> Any:  # noqa: ANN401 - YAML
    (found,) = (one for one in of_kind(resources, kind) if one["metadata"]["name"] == name)
    return found


def the_container(resources: R, name: str) -> dict[str, Any]:
    return container(workloads(resources)[name])


def of_env(resources: R, service: str, name: str) -> Any:  # noqa: ANN401 - YAML
    (found,) = (one for one in the_container(resources, service)["env"] if one["name"] == name)
    return found


def drop(resources: R, kind: str, name: str) -> None:
    resources.remove(the(resources, kind, name))


def pod(resources: R, name: str) -> dict[str, Any]:
    found: dict[str, Any] = workloads(resources)[name]["spec"]["template"]["spec"]
    return found


def triggers(resources: R, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = the(resources, "ScaledObject", name)["spec"]["triggers"]
    return found


def ingress_paths(resources: R) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = the(resources, "Ingress", "edge")["spec"]["rules"][0]["http"]["paths"]
    return found


def push_peers(resources: R) -> list[dict[str, Any]]:
    policy = the(resources, "NetworkPolicy", "notifier-to-push-and-telegram")
    found: list[dict[str, Any]] = policy["spec"]["egress"][0]["to"]
    return found


def user(resources: R, name: str) -> Any:  # noqa: ANN401 - YAML
    (found,) = (one for one in the(resources, "MongoDBCommunity", "mongodb")["spec"]["users"] if one["name"] == name)
    return found


MISTAKES: dict[str, tuple[Rule, Callable[[R], Any]]] = {
    "a field that Kubernetes doesn't know": (
        house_rules.they_are_valid,
        lambda it: pod(it, "tickets").update(restartPolcy="Always"),
    ),
    "a field that an operator doesn't know": (
        house_rules.they_are_valid,
        lambda it: the(it, "RabbitmqCluster", "rabbitmq")["spec"].update(replica=3),
    ),
    "an even cluster": (
        house_rules.they_are_valid,
        lambda it: the(it, "RabbitmqCluster", "rabbitmq")["spec"].update(replicas=2),
    ),
    "a kind that nobody knows": (
        house_rules.they_are_valid,
        lambda it: it.append({"apiVersion": "v1", "kind": "Deploymint", "metadata": {"name": "x"}}),
    ),
    "a number where KEDA wants text": (
        house_rules.they_are_valid,
        lambda it: triggers(it, "tickets")[0]["metadata"].update(value=1000),
    ),
    "a missing selector": (
        house_rules.they_are_valid,
        lambda it: the(it, "Deployment", "tickets")["spec"].pop("selector"),
    ),
    "a service without a budget": (
        house_rules.every_service_is_there,
        lambda it: drop(it, "PodDisruptionBudget", "notifier"),
    ),
    "a service without its migrations": (
        house_rules.every_service_is_there,
        lambda it: drop(it, "Job", "migrate-tickets"),
    ),
    "a wrong queue": (
        house_rules.queues_are_the_topology_s,
        lambda it: triggers(it, "notifier")[1]["metadata"].update(queueName="notifier.mail"),
    ),
    "another service's queue": (
        house_rules.queues_are_the_topology_s,
        lambda it: triggers(it, "tickets")[0]["metadata"].update(queueName="contacts"),
    ),
    "a forgotten queue": (house_rules.queues_are_the_topology_s, lambda it: triggers(it, "notifier").pop(1)),
    "replicas beside a scaler": (
        house_rules.scaling_decides_the_number,
        lambda it: the(it, "Deployment", "edge")["spec"].update(replicas=2),
    ),
    "scaling to nothing": (
        house_rules.scaling_decides_the_number,
        lambda it: the(it, "ScaledObject", "tickets")["spec"].update(minReplicaCount=0),
    ),
    "a login that isn't there": (
        house_rules.scaling_decides_the_number,
        lambda it: triggers(it, "tickets")[0]["metadata"].update(hostFromEnv="RABBITMQ_URL"),
    ),
    "a wrong port": (
        pod_rules.ports_and_probes_are_the_code_s,
        lambda it: the_container(it, "contacts")["ports"][0].update(containerPort=8000),
    ),
    "a wrong probe": (
        pod_rules.ports_and_probes_are_the_code_s,
        lambda it: the_container(it, "contacts")["readinessProbe"]["httpGet"].update(path="/ready"),
    ),
    "a forgotten probe": (
        pod_rules.ports_and_probes_are_the_code_s,
        lambda it: the_container(it, "edge").pop("startupProbe"),
    ),
    "metrics elsewhere": (
        pod_rules.ports_and_probes_are_the_code_s,
        lambda it: the(it, "PodMonitor", "services")["spec"]["podMetricsEndpoints"][0].update(path="/prometheus"),
    ),
    "an alert that waits longer": (
        house_rules.alerts_are_everywhere_the_same,
        lambda it: the(it, "PrometheusRule", "atendo")["spec"]["groups"][1]["rules"][0].update({"for": "1h"}),
    ),
    "a rule that neither alerts nor records": (
        house_rules.they_are_valid,
        lambda it: the(it, "PrometheusRule", "atendo")["spec"]["groups"][1]["rules"][0].pop("alert"),
    ),
    "an unknown variable": (
        pod_rules.variables_are_settings,
        lambda it: of_env(it, "notifier", "SMTP_URL").update(name="SMTP_URI"),
    ),
    "a forgotten variable": (
        pod_rules.variables_are_settings,
        lambda it: the_container(it, "feedback")["env"].remove(of_env(it, "feedback", "LINK_SECRET")),
    ),
    "a value that can't be read": (
        pod_rules.variables_are_settings,
        lambda it: of_env(it, "tickets", "MIGRATES").update(value="by hand"),
    ),
    "a service that migrates by itself": (
        pod_rules.variables_are_settings,
        lambda it: of_env(it, "tickets", "MIGRATES").update(value="at_start"),
    ),
    "a service that declares what it may not": (
        pod_rules.variables_are_settings,
        lambda it: of_env(it, "tickets", "AMQP_RIGHTS").update(value="all"),
    ),
    "a key that the configuration lacks": (
        pod_rules.variables_are_settings,
        lambda it: the(it, "ConfigMap", "provider")["data"].pop("JWKS_URL"),
    ),
    "a time zone that isn't one": (
        pod_rules.variables_are_settings,
        lambda it: the(it, "ConfigMap", "provider")["data"].update(TIMEZONE="Brasilia"),
    ),
    "a secret in the open": (
        house_rules.secrets_come_from_elsewhere,
        lambda it: it.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}),
    ),
    "a password in the open": (
        house_rules.secrets_come_from_elsewhere,
        lambda it: the(it, "ConfigMap", "provider")["data"].update(SMTP_URL="smtp://user:word@mail"),
    ),
    "another service's broker user": (
        house_rules.secrets_come_from_elsewhere,
        lambda it: of_env(it, "contacts", "AMQP_URL")["valueFrom"]["secretKeyRef"].update(name="tickets-amqp"),
    ),
    "another service's database user": (
        house_rules.secrets_come_from_elsewhere,
        lambda it: of_env(it, "contacts", "MONGO_URL")["valueFrom"]["secretKeyRef"].update(name="tickets-mongo"),
    ),
    "a wrong key of a secret": (
        house_rules.secrets_come_from_elsewhere,
        lambda it: of_env(it, "edge", "AMQP_URL")["valueFrom"]["secretKeyRef"].update(key="uri"),
    ),
    "a user of all databases": (
        house_rules.a_user_opens_its_own_database_alone,
        lambda it: user(it, "tickets").update(roles=[{"name": "readWriteAnyDatabase", "db": "admin"}]),
    ),
    "a user of another database": (
        house_rules.a_user_opens_its_own_database_alone,
        lambda it: user(it, "tickets")["roles"][0].update(db="contacts"),
    ),
    "a selector of nobody": (
        house_rules.selectors_find_somebody,
        lambda it: the(it, "Service", "edge")["spec"].update(selector={"app": "edge"}),
    ),
    "a selector of somebody else": (
        house_rules.selectors_find_somebody,
        lambda it: the(it, "PodDisruptionBudget", "edge")["spec"]["selector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "tickets"}
        ),
    ),
    "a label that isn't the selector's": (
        house_rules.selectors_find_somebody,
        lambda it: the(it, "Deployment", "edge")["spec"]["template"]["metadata"]["labels"].update(
            {"app.kubernetes.io/name": "front"}
        ),
    ),
    "root": (pod_rules.they_have_no_privileges, lambda it: pod(it, "edge")["securityContext"].update(runAsUser=0)),
    "a capability": (
        pod_rules.they_have_no_privileges,
        lambda it: the_container(it, "tickets")["securityContext"]["capabilities"].update(add=["NET_RAW"]),
    ),
    "a token": (pod_rules.they_have_no_privileges, lambda it: pod(it, "edge").pop("automountServiceAccountToken")),
    "the host's files": (
        pod_rules.they_have_no_privileges,
        lambda it: pod(it, "edge")["volumes"].append({"name": "root", "hostPath": {"path": "/"}}),
    ),
    "an impatient end": (
        pod_rules.they_may_finish,
        lambda it: pod(it, "notifier").update(terminationGracePeriodSeconds=20),
    ),
    "a pause that eats the end": (
        pod_rules.they_may_finish,
        lambda it: the_container(it, "edge")["lifecycle"]["preStop"]["exec"].update(command=["sleep", "15"]),
    ),
    "too little memory": (
        pod_rules.there_is_room_as_measured,
        lambda it: the_container(it, "edge")["resources"].update(limits={"memory": "128Mi"}),
    ),
    "another service's image": (
        pod_rules.images_are_the_services_own,
        lambda it: the_container(it, "edge").update(image="registry.example.com/atendo/tickets:0.1.0"),
    ),
    "an image of any day": (
        pod_rules.images_are_the_services_own,
        lambda it: the_container(it, "edge").update(image="registry.example.com/atendo/edge:latest"),
    ),
    "another service's migrations": (
        pod_rules.images_are_the_services_own,
        lambda it: the_container(it, "migrate-tickets")["command"].__setitem__(3, "services.contacts"),
    ),
    "metrics for everybody": (
        house_rules.customers_reach_what_is_theirs,
        lambda it: ingress_paths(it)[0].update(path="/"),
    ),
    "a route that nobody reaches": (house_rules.customers_reach_what_is_theirs, lambda it: ingress_paths(it).pop(1)),
    "a network without walls": (
        house_rules.nobody_speaks_unasked,
        lambda it: drop(it, "NetworkPolicy", "nothing"),
    ),
    "an edge that reaches the database": (
        house_rules.nobody_speaks_unasked,
        lambda it: the(it, "NetworkPolicy", "services-to-mongodb")["spec"].update(podSelector={}),
    ),
    "a notifier that reaches no mail server": (
        house_rules.nobody_speaks_unasked,
        lambda it: drop(it, "NetworkPolicy", "notifier-to-mail"),
    ),
    "a notifier that reaches no push service": (
        house_rules.nobody_speaks_unasked,
        lambda it: drop(it, "NetworkPolicy", "notifier-to-push-and-telegram"),
    ),
    "push into the cluster": (
        house_rules.what_customers_name_is_outside,
        lambda it: push_peers(it)[0]["ipBlock"]["except"].remove("10.0.0.0/8"),
    ),
    "push to anybody": (
        house_rules.what_customers_name_is_outside,
        lambda it: push_peers(it)[1].pop("ipBlock"),
    ),
    "HTTPS beside mail": (
        house_rules.what_customers_name_is_outside,
        lambda it: the(it, "NetworkPolicy", "notifier-to-mail")["spec"]["egress"][0]["ports"].append({"port": 443}),
    ),
}
