"""How tests are spread over pytest-xdist's workers: one by one, but a module with a house of its own stays together.

pytest-xdist's own `--dist loadgroup` marks node ids in a way that pytest 9 no longer sees (pytest-xdist 3.8).
"""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = ("tests/observability/test_scraped.py",)


class Spreading(LoadScopeScheduling):  # type: ignore[misc] # it ships no annotations
    """Gives each worker the next test, or the next module that must not be split."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return module if module in _TOGETHER else nodeid
