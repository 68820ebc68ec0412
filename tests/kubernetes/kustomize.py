"""What `kubectl kustomize` makes of a folder, for exactly the features that `deploy/kubernetes` uses.

For machines without kubectl: where there is one, a test compares. Anything else in a kustomization is refused.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]

_KNOWN = {"apiVersion", "kind", "namespace", "labels", "resources", "patches", "images"}
_CLUSTER_WIDE = {"Namespace"}
_BUILT_IN = ("apps/", "batch/", "policy/", "networking.k8s.io/", "v1")
_MERGED_BY = {
    "containers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "topologySpreadConstraints": "topologyKey",
}


class Unsupported(Exception):
    """The real tool may know it; this one doesn't."""


def render(folder: Path) -> list[Resource]:
    """Every resource of the kustomization in `folder`, as it would be applied. Raises: Unsupported."""
    stated = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(stated) - _KNOWN:
        raise Unsupported(f"{folder.name}: {', '.join(sorted(unknown))}")
    resources = [one for name in stated.get("resources", ()) for one in _load(folder / name)]
    for patch in stated.get("patches", ()):
        _patch(resources, patch, folder)
    for labels in stated.get("labels", ()):
        for resource in resources:
            _label(resource, labels)
    for resource in resources:
        if "namespace" in stated and resource["kind"] not in _CLUSTER_WIDE:
            resource["metadata"]["namespace"] = stated["namespace"]
        for image in stated.get("images", ()):
            _rename(resource, image)
    return resources


def _load(path: Path) -> list[Resource]:
    if path.is_dir():
        return render(path)
    return [copy.deepcopy(one) for one in yaml.safe_load_all(path.read_text()) if one]


def _label(resource: Resource, labels: Mapping[str, Any]) -> None:
    if set(labels) - {"pairs", "includeTemplates"}:
        raise Unsupported("labels that select")
    resource["metadata"].setdefault("labels", {}).update(labels["pairs"])
    if labels.get("includeTemplates") and resource["kind"] in {"Deployment", "Job"}:
        template = resource["spec"]["template"]
        template.setdefault("metadata", {}).setdefault("labels", {}).update(labels["pairs"])


def _rename(resource: Resource, image: Mapping[str, str]) -> None:
    for container in _containers(resource):
        if container.get("image") == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"


def _containers(resource: Resource) -> list[Resource]:
    if resource["kind"] not in {"Deployment", "Job"}:
        return []
    found: list[Resource] = resource["spec"]["template"]["spec"]["containers"]
    return found


def _patch(resources: list[Resource], patch: Mapping[str, Any], folder: Path) -> None:
    text = (folder / patch["path"]).read_text() if "path" in patch else patch["patch"]
    for change in yaml.safe_load_all(text):
        if isinstance(change, list):
            for resource in _targets(resources, patch["target"]):
                _operate(resource, change)
            continue
        target = patch.get("target") or {"kind": change["kind"], "name": re.escape(change["metadata"]["name"])}
        for resource in _targets(resources, target):
            wanted = {**change, "metadata": {k: v for k, v in change["metadata"].items() if k != "name"}}
            _merge(resource, wanted, by_name=resource["apiVersion"].startswith(_BUILT_IN))


def _targets(resources: list[Resource], target: Mapping[str, str]) -> Iterator[Resource]:
    if set(target) - {"kind", "name", "labelSelector"}:
        raise Unsupported(f"a patch's target: {target}")
    found = [one for one in resources if _is_meant(one, target)]
    if not found:
        raise Unsupported(f"a patch of nothing: {target}")
    yield from found


def _is_meant(resource: Resource, target: Mapping[str, str]) -> bool:
    label, _, value = target.get("labelSelector", "").partition("=")
    return (
        resource["kind"] == target["kind"]
        and re.fullmatch(target.get("name", ".*"), resource["metadata"]["name"]) is not None
        and (not label or resource["metadata"].get("labels", {}).get(label) == value)
    )


def _operate(resource: Resource, operations: list[dict[str, Any]]) -> None:
    for operation in operations:
        *way, last = operation["path"].removeprefix("/").split("/")
        place: Any = resource
        for step in way:
            key = step.replace("~1", "/")
            place = place[int(key)] if isinstance(place, list) else place[key]
        key = last.replace("~1", "/")
        if operation["op"] != "replace" or key not in place:
            raise Unsupported(f"{operation['op']} at {operation['path']}")
        place[key] = operation["value"]


def _merge(into: Resource, change: Mapping[str, Any], *, by_name: bool) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, by_name=by_name)
        elif isinstance(value, list) and by_name and key in _MERGED_BY and key in into:
            _merge_lists(into[key], value, _MERGED_BY[key])
        else:
            into[key] = copy.deepcopy(value)


def _merge_lists(into: list[Resource], change: list[Resource], name: str) -> None:
    for item in change:
        same = next((one for one in into if one.get(name) == item[name]), None)
        if same is None:
            into.append(copy.deepcopy(item))
        else:
            _merge(same, item, by_name=True)
