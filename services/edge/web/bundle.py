"""The app's files as they are served: read, named by their content and compressed once, at the start."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

WEB = Path(__file__).parent
APP, VENDOR, ICONS = WEB / "app", WEB / "vendor", WEB / "icons"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_PACKED = {".png", ".ico"}
"""What gzip would only make longer."""

SHELL, WORKER, MANIFEST, ICON = "index.html", "sw.js", "manifest.webmanifest", "icons/favicon.ico"
_AT_ONCE = ("main.js", "screens/entrar.js", "screens/inicio.js")
"""What is needed before anything can be seen, with all that it imports."""

_COMMENT = re.compile(rb"^\s*//.*\n", re.MULTILINE)
_INDENT = re.compile(rb"^[ \t]+", re.MULTILINE)
_IMPORT = re.compile(r"""^(?:import|export)\b[^'"]*from\s+'([^']+)'""", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """One file, in the form that each client takes."""

    name: str
    body: bytes

    @cached_property
    def media_type(self) -> str:
        """What it is."""
        return _TYPES[Path(self.name).suffix]

    @cached_property
    def etag(self) -> str:
        """A name of its content."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'

    @cached_property
    def gzipped(self) -> bytes | None:
        """Its content compressed, where that makes it shorter."""
        return None if Path(self.name).suffix in _PACKED else gzip.compress(self.body, 9, mtime=0)


class Bundle:
    """All files of the app by name; `hash` names this edition of them."""

    def __init__(self) -> None:
        sources = dict(_sources())
        digest = hashlib.sha256()
        for name, body in sources.items():
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        self.hash = digest.hexdigest()[:12]
        self.files = {name: File(name, self._filled(name, body, sources)) for name, body in sources.items()}

    def _filled(self, name: str, body: bytes, sources: dict[str, bytes]) -> bytes:
        if name not in {SHELL, WORKER, MANIFEST}:
            return body
        preloads = "\n".join(f'<link rel="modulepreload" href="/app/{self.hash}/{one}">' for one in at_once(sources))
        kept = ", ".join(json.dumps(f"/app/{self.hash}/{one}") for one in sources if _is_kept(one))
        known = {"hash": self.hash, "preloads": preloads, "files": kept}
        text = body.decode()
        for placeholder, value in known.items():
            text = text.replace(f"{{{{{placeholder}}}}}", value)
        return text.encode()

    def get(self, name: str) -> File | None:
        """The file of this name, if there is one."""
        return self.files.get(name)


def _sources() -> Iterator[tuple[str, bytes]]:
    for folder, prefix in ((APP, ""), (VENDOR, "vendor/"), (ICONS, "icons/")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES and path.name != "manifest.json":
                body = path.read_bytes()
                # comments are for who reads the sources
                shorter = _INDENT.sub(b"", _COMMENT.sub(b"", body)) if path.suffix == ".js" and not prefix else body
                yield prefix + path.relative_to(folder).as_posix(), shorter


def _is_kept(name: str) -> bool:
    return name not in {SHELL, WORKER, MANIFEST, ICON, "icons/512.png", "icons/maskable.png"}


def at_once(sources: dict[str, bytes]) -> list[str]:
    """The modules of the first screens and all that they import, each once."""
    found: dict[str, None] = {}
    waiting = list(_AT_ONCE)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            folder = (APP / name).parent
            waiting += [
                (folder / one).resolve().relative_to(APP).as_posix() for one in _IMPORT.findall(sources[name].decode())
            ]
    return list(found)
