"""The containers agree with the code in settings, ports, health and drain times, and hold no secret and no root."""

import importlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from chassis.http.health import HealthApp
from chassis.settings import Settings
from contracts import topology
from mk.operators import Operators, parse
from mk.tokens import AUDIENCE
from ops.embedded.layout import SERVICES, read_layout
from ops.embedded.operators import DEMO

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
OURS = (*SERVICES, "mk")
OFFICIAL = {"rabbitmq": "rabbitmq:4-management", "mongo": "mongo:8.0", "maildev": "maildev/maildev:3.0.0"}
OBSERVING = {"prometheus": "prom/prometheus:v3.5.0", "grafana": "grafana/grafana:12.1.0"}
PROMETHEUS: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
SECRETS = ("MONGO_ROOT_PASSWORD",)
USED_BY = {
    "amqp_password": "AMQP_PASSWORD_FILE",
    "mongo_password": "MONGO_PASSWORD_FILE",
    "link_secret": "LINK_SECRET_FILE",
    "receipt_secret": "RECEIPT_SECRET_FILE",
    "vapid_key": "VAPID_KEY_FILE",
}
PORT = 8080


def settings_of(name: str) -> type[Settings]:
    module = importlib.import_module("mk.settings" if name == "mk" else f"services.{name}.settings")
    found: type[Settings] = module.Settings
    return found


def names_read_by(settings: type[Settings]) -> set[str]:
    aliases = (field.validation_alias for field in settings.model_fields.values())
    named = {str(choice) for alias in aliases for choice in getattr(alias, "choices", ())}
    return {name.upper() for name in {*settings.model_fields, *named}}


def stage(name: str) -> str:
    return re.split(r"^FROM ", DOCKERFILE.split(f" AS {name}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def test_every_service_is_there_and_nothing_unknown() -> None:
    assert set(COMPOSE["services"]) == {*OURS, *OFFICIAL, *OBSERVING}
    assert set(topology.LISTENS) < set(COMPOSE["services"])


@pytest.mark.parametrize(("name", "image"), (OFFICIAL | OBSERVING).items())
def test_what_is_not_ours_is_an_official_image(name: str, image: str) -> None:
    assert COMPOSE["services"][name]["image"] == image


def test_who_only_watches_is_started_when_asked_for() -> None:
    asked_for = {name for name, service in COMPOSE["services"].items() if service.get("profiles") == ["observability"]}

    needed = {one for service in COMPOSE["services"].values() for one in service.get("depends_on", ())}
    assert asked_for == set(OBSERVING)
    assert needed & asked_for == {"prometheus"}


def test_everything_that_has_figures_is_measured_where_it_shows_them() -> None:
    asked = {
        (name, where["port"])
        for job in PROMETHEUS["scrape_configs"]
        for where in job["dns_sd_configs"]
        for name in where["names"]
    }

    assert asked == {*((name, PORT) for name in OURS), ("rabbitmq", 15692)}


@pytest.mark.parametrize("name", OBSERVING)
def test_who_watches_is_given_files_that_are_there(name: str) -> None:
    given = [volume.split(":") for volume in COMPOSE["services"][name]["volumes"] if volume.startswith(".")]

    assert [path for path, _, how in given if how != "ro" or not (ROOT / path).is_dir()] == []
    assert given


def test_every_stage_of_ours_is_built_on_the_official_python() -> None:
    assert re.findall(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, re.MULTILINE) == [
        ("python:3.13-slim", "packages"),
        ("python:3.13-slim", "runtime"),
        ("runtime", "mk"),
        ("runtime", "service"),
    ]


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_built_as_itself(name: str) -> None:
    built = COMPOSE["services"][name]["build"]

    assert built["args"] == {"SERVICE": name}
    assert built.get("target") == ("mk" if name == "mk" else None)


@pytest.mark.parametrize("name", OURS)
def test_a_service_reads_every_variable_that_it_is_given(name: str) -> None:
    given = {variable.removesuffix("_FILE") for variable in COMPOSE["services"][name]["environment"]}

    assert given - names_read_by(settings_of(name)) == set()


def test_the_image_sets_variables_that_services_read() -> None:
    set_there = dict(re.findall(r"([A-Z_]+)=(\S+)", re.findall(r"^ENV (PATH.*)$", stage("runtime"), re.MULTILINE)[0]))

    assert {"HOST", "PORT", "LOG_FORMAT"} <= names_read_by(Settings)
    assert (set_there["HOST"], set_there["PORT"], set_there["LOG_FORMAT"]) == ("0.0.0.0", str(PORT), "json")  # noqa: S104
    assert f"EXPOSE {PORT}" in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_a_module_that_an_image_starts_is_there(name: str) -> None:
    template = re.findall(r"MODULE=(\S+)", stage("mk" if name == "mk" else "service"))[0]
    module = template.replace("${SERVICE}", name)

    assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists()


def test_the_health_check_asks_a_path_that_is_served() -> None:
    asked = re.findall(r"\}(/[a-z/]+)'", DOCKERFILE)

    assert asked == ["/health/ready"]
    assert HealthApp(live=None, ready=None, registry=None).serves(asked[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", OURS)
def test_a_service_may_finish_what_it_has_in_hand(name: str) -> None:
    drains: int = Settings.model_fields["drain_within"].default.total_seconds()

    assert seconds(COMPOSE["services"][name]["stop_grace_period"]) >= drains + 10
    assert "DRAIN_WITHIN" not in COMPOSE["services"][name]["environment"]
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_no_privileges(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "network_mode", "pid"} & set(service)


@pytest.mark.parametrize("name", ["mk", "service"])
def test_an_image_runs_as_nobody_in_particular(name: str) -> None:
    users = re.findall(r"^USER (.+)$", stage(name), re.MULTILINE)

    assert users == ["${UID}:${UID}"]
    assert int(re.findall(r"^ARG UID=(\d+)$", DOCKERFILE, re.MULTILINE)[0]) >= 10_000


@pytest.mark.parametrize("name", ["mk", "service"])
def test_an_image_holds_its_own_code_alone(name: str) -> None:
    own = {"mk": ["mk"], "service": ["services/__init__.py", "services/${SERVICE}"]}

    copied = re.findall(r"^COPY (?!--from)(\S+) ", stage("runtime") + stage(name), re.MULTILINE)

    assert copied == ["contracts", "chassis", *own[name]]


def test_an_image_installs_its_own_lock_and_checks_the_hashes() -> None:
    packages = stage("packages")

    assert "COPY requirements/${SERVICE}.txt requirements.txt\n" in packages
    assert re.findall(r"--[a-z-]+(?:=\S+)? -r (\S+)$", packages, re.MULTILINE) == ["requirements.txt"]
    assert "--require-hashes" in packages


def test_the_engine_is_sent_what_is_copied_and_nothing_else() -> None:
    copied = {path.split("/")[0] for path in re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)}

    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied


@pytest.mark.parametrize("name", ["contacts", "tickets", "notifier", "feedback"])
def test_a_service_that_scales_has_no_port_or_name_on_the_host(name: str) -> None:
    assert not {"ports", "container_name", "hostname", "volumes"} & set(COMPOSE["services"][name])


def test_the_ports_on_the_host_are_those_of_make_run_and_on_loopback_alone() -> None:
    usual = read_layout({}).ports

    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    parts = [re.fullmatch(r"127\.0\.0\.1:\$\{(\w+):-(\d+)\}:\d+", port) for port in published]

    assert {part[1]: int(part[2]) for part in parts if part} == {
        # the stand-ins for Telegram and for push services are those of a run on this machine alone
        **{name: usual[name] for name in usual if name not in {"SMTP_PORT", "CHAT_PORT", "PUSH_PORT"}},
        "PROMETHEUS_PORT": 9090,
        "GRAFANA_PORT": 3000,
    }
    assert all(parts)


def test_addresses_within_name_services_and_the_port_that_they_listen_on() -> None:
    edge = COMPOSE["services"]["edge"]["environment"]

    assert edge["JWKS_URL"] == f"http://mk:{PORT}/.well-known/jwks.json"
    assert edge.get("TOKEN_AUDIENCE", AUDIENCE) == AUDIENCE


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_a_user_of_its_own_with_files_for_its_own_passwords(name: str) -> None:
    environment, secrets = COMPOSE["services"][name]["environment"], COMPOSE["services"][name]["secrets"]
    mounted = {one["target"]: one["source"] for one in secrets if isinstance(one, dict)}
    names = {one if isinstance(one, str) else one["target"] for one in secrets}

    assert environment["AMQP_RIGHTS"] == "own"
    assert urlsplit(environment["AMQP_URL"]).username == name
    assert mounted == {"amqp_password": f"{name}-rabbitmq"} | (
        {"mongo_password": f"{name}-mongo"} if name != "edge" else {}
    )
    if name != "edge":
        assert urlsplit(environment["MONGO_URL"]).username == name
    used = {variable: path for variable, path in environment.items() if variable.endswith("_FILE")}
    assert used == {USED_BY[secret]: f"/run/secrets/{secret}" for secret in names}


def test_a_secret_is_the_file_of_the_user_that_it_is_named_for() -> None:
    for name, secret in COMPOSE["secrets"].items():
        user, _, where = name.partition("-")
        assert secret["file"] == (f"secrets/{where}/{user}" if where else f"secrets/{name}")
    assert "/secrets/\n" in (ROOT / ".gitignore").read_text()


def test_no_secret_stands_in_a_file() -> None:
    given = "\n".join(str(service.get("environment", "")) for service in COMPOSE["services"].values())

    assert set(re.findall(r"\$\{(\w+):\?", given)) == set(SECRETS)
    assert re.findall(r"\w+://[^/@\s]+:(?!\$\{)[^@/\s]+@", given) == []
    assert re.findall(r"PASS(?:WORD)?': '(?!\$\{)", given) == []
    assert re.findall(r"(?:PASSWORD|SECRET)", DOCKERFILE) == []


def test_the_example_has_a_line_for_every_secret_and_no_value() -> None:
    assert re.findall(r"^(\w+)=$", EXAMPLE, re.MULTILINE) == list(SECRETS)
    assert ".env\n" in (ROOT / ".gitignore").read_text()


def test_what_the_example_names_is_read() -> None:
    named = set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))
    by_compose = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    by_commands = {"EDGE_URL", "MK_URL", "MAIL_URL", "AMQP_URL", "MONGO_URL"}
    by_commands |= {"AMQP_PASSWORD_FILE", "MONGO_PASSWORD_FILE"}

    assert named - by_compose - by_commands == set()


def test_the_console_knows_the_operators_of_the_demo_by_default() -> None:
    setting = re.fullmatch(r"\$\{OPERATORS:-(.*)\}", COMPOSE["services"]["mk"]["environment"]["OPERATORS"])
    operators = Operators(parse(setting[1] if setting else ""))

    found = [operators.find(one.user, one.password) for one in DEMO]

    assert [one and (one.user, one.name, one.role) for one in found] == [(one.user, one.name, one.role) for one in DEMO]
