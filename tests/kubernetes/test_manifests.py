"""The manifests agree with the code, for a small provider and a large one; and planted mistakes are found."""

import copy
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubernetes import house_rules, pod_rules
from tests.kubernetes.kustomize import Resource, Unsupported, render
from tests.kubernetes.manifests import Rule, of_kind
from tests.kubernetes.planted import MISTAKES

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
OVERLAYS = ("small", "large")
KUBECTL = shutil.which("kubectl")
RULES: tuple[Rule, ...] = (
    house_rules.they_are_valid,
    house_rules.every_service_is_there,
    house_rules.queues_are_the_topology_s,
    house_rules.scaling_decides_the_number,
    pod_rules.ports_and_probes_are_the_code_s,
    pod_rules.variables_are_settings,
    house_rules.secrets_come_from_elsewhere,
    house_rules.a_user_opens_its_own_database_alone,
    house_rules.selectors_find_somebody,
    pod_rules.they_have_no_privileges,
    pod_rules.they_may_finish,
    pod_rules.there_is_room_as_measured,
    pod_rules.images_are_the_services_own,
    house_rules.customers_reach_what_is_theirs,
    house_rules.alerts_are_everywhere_the_same,
    house_rules.nobody_speaks_unasked,
    house_rules.what_customers_name_is_outside,
)


@pytest.fixture(scope="session", params=OVERLAYS)
def resources(request: pytest.FixtureRequest) -> list[Resource]:
    return render(FOLDER / "overlays" / request.param)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_manifests_agree_with_the_code(rule: Rule, resources: list[Resource]) -> None:
    assert list(rule(resources)) == []


@pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl to compare with")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_they_are_rendered_as_the_real_tool_renders_them(overlay: str) -> None:
    real = subprocess.run(  # noqa: S603 - every argument is ours
        [str(KUBECTL), "kustomize", str(FOLDER / "overlays" / overlay)], check=True, capture_output=True
    )

    assert by_name(render(FOLDER / "overlays" / overlay)) == by_name(list(yaml.safe_load_all(real.stdout)))


def by_name(resources: list[Resource]) -> dict[str, Any]:
    """Each resource by its kind and name, lists of named things in the order of their names."""
    return {f"{one['kind']} {one['metadata']['name']}": in_order(one) for one in resources}


def in_order(value: Any) -> Any:  # noqa: ANN401 - YAML
    if isinstance(value, dict):
        return {key: in_order(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted((in_order(one) for one in value), key=lambda one: one.get("name", "") if named(one) else "")
    return value


def named(value: object) -> bool:
    return isinstance(value, dict)


def test_a_feature_that_is_not_known_is_refused_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("nameSuffix: -x\nresources: []\n")

    with pytest.raises(Unsupported):
        render(tmp_path)


def test_a_large_provider_gets_more_of_everything() -> None:
    small, large = (render(FOLDER / "overlays" / size) for size in OVERLAYS)

    for one, other in zip(of_kind(small, "ScaledObject"), of_kind(large, "ScaledObject"), strict=True):
        assert one["spec"]["maxReplicaCount"] < other["spec"]["maxReplicaCount"]


@pytest.mark.parametrize(("rule", "plant"), MISTAKES.values(), ids=MISTAKES)
def test_a_planted_mistake_is_found(
    rule: Rule, plant: Callable[[list[Resource]], Any], resources: list[Resource]
) -> None:
    planted = copy.deepcopy(resources)

    plant(planted)

    assert json.dumps(planted) != json.dumps(resources)
    assert list(rule(planted)) != []


def test_every_rule_can_fail() -> None:
    assert {rule for rule, _ in MISTAKES.values()} == set(RULES)
