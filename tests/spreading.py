"""How tests are spread over pytest-xdist's workers: one by one, but a module with a house of its own stays together.

pytest-xdist's own `--dist loadgroup` marks node ids in a way that pytest 9 no longer sees (pytest-xdist 3.8).
"""

from xdist.scheduler import LoadScopeScheduling

_PRODUCT = "tests/browser on one product"
_TOGETHER = {
    "tests/bench/test_peer_running.py": "tests/bench/test_peer_running.py",
    "tests/observability/test_scraped.py": "tests/observability/test_scraped.py",
    "tests/browser/test_both_sides.py": _PRODUCT,
    "tests/browser/test_contact.py": _PRODUCT,
    "tests/browser/test_following.py": _PRODUCT,
    "tests/browser/test_reaching.py": _PRODUCT,
}
"""Modules by the name of their house; some share one."""


class Spreading(LoadScopeScheduling):  # type: ignore[misc] # it ships no annotations
    """Gives each worker the next test, or the next house with all its tests."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return _TOGETHER.get(module, nodeid)
