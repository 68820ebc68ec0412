"""Which branches of the chassis a simulation takes: the bodies of `if`, `else`, `except`, `case` and loops."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.simulation.plan import Plan
from tests.simulation.play import play

_ROOT = Path(__file__).parents[2]
_CHASSIS = _ROOT / "chassis"


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """One body, by the line on which it begins; `fails` where it is what becomes of an exception."""

    file: str
    line: int
    fails: bool


@dataclass(slots=True)
class Taken:
    """The lines that were run, by file."""

    lines: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _left: dict[CodeType, set[int]] = field(default_factory=dict)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what runs while the context lasts; all is slower meanwhile."""
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _argument: Any) -> Any:  # noqa: ANN401 - the interpreter's own
        code = frame.f_code
        left = self._left.get(code)
        if left is None:
            is_ours = code.co_filename.startswith(str(_CHASSIS))
            left = self._left[code] = {line for *_, line in code.co_lines() if line} if is_ours else set()
        # what was seen to its last line is watched no longer
        return self._ran if left else None

    def _ran(self, frame: FrameType, event: str, _argument: Any) -> Any:  # noqa: ANN401 - as above
        if event == "line":
            self.lines[frame.f_code.co_filename].add(frame.f_lineno)
            self._left[frame.f_code].discard(frame.f_lineno)
        return self._ran


def branches() -> Iterator[Branch]:
    """Every branch of the chassis."""
    for path in sorted(_CHASSIS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for body in _bodies(node):
                yield Branch(str(path), body[0].lineno, isinstance(node, ast.ExceptHandler))


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
        yield from (body for body in (node.body, node.orelse) if body)
    elif isinstance(node, ast.ExceptHandler | ast.match_case):
        yield node.body


def lines(seeds: Iterable[int]) -> Iterator[str]:
    """The table of docs/simulation.md and the branches that no seed took, within `simulating`."""
    taken = Taken()
    for seed in seeds:
        with taken.noting():
            play(Plan.of(seed))
    by_folder: dict[str, list[tuple[Branch, bool]]] = defaultdict(list)
    for one in branches():
        by_folder[str(Path(one.file).relative_to(_ROOT).parent)].append((one, one.line in taken.lines[one.file]))
    yield "| folder | branches taken | of these `except` |"
    yield "|---|---|---|"
    for folder, found in by_folder.items():
        yield f"| `{folder}/` | {_share(found)} | {_share([one for one in found if one[0].fails])} |"
    for branch, is_taken in sorted(one for found in by_folder.values() for one in found):
        if not is_taken:
            yield f"not taken: {Path(branch.file).relative_to(_ROOT)}:{branch.line}"


def _share(found: list[tuple[Branch, bool]]) -> str:
    return f"{sum(is_taken for _, is_taken in found)} of {len(found)}"
