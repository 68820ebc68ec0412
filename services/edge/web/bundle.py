"""The app's files as they are served: read, named by their content and compressed once, at the start."""

import gzip
import hashlib
import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import brotli

from services.edge.web.joined import joined

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
"""What is compressed already."""

SHELL, WORKER, MANIFEST, ICON = "index.html", "sw.js", "manifest.webmanifest", "icons/favicon.ico"
SCRIPT, ENTRY, STYLES = "app.js", "main.js", "app.css"
_KEPT = (SCRIPT, STYLES, "icons/192.png")
"""What the worker keeps beside the shell: enough for every screen without a connection."""

_STYLE_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_STYLE_NAME = re.compile(r"--[a-z][\w-]*")
_STYLE_SPACE = re.compile(r"\s*([{};,>])\s*|(?<=[\w-]:)\s+|(?<=\n)\s+")


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
    def packed(self) -> dict[str, bytes]:
        """Its content by the encodings that make it shorter, the shortest first."""
        if Path(self.name).suffix in _PACKED:
            return {}
        return {"br": brotli.compress(self.body), "gzip": gzip.compress(self.body, 9, mtime=0)}


@cache
def bundle() -> "Bundle":
    """The files as they are on this machine: read, joined and compressed once."""
    return Bundle()


class Bundle:
    """All files of the app by name, the modules joined into one script; `hash` names this edition of them."""

    def __init__(self) -> None:
        sources = dict(_sources())
        digest = hashlib.sha256()
        for name, body in sources.items():
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        self.hash = digest.hexdigest()[:12]
        modules = {name: body.decode() for name, body in sources.items() if name.endswith(".js")}
        modules[WORKER] = self._filled(modules[WORKER])
        texts = {
            SCRIPT: joined(modules, ENTRY),
            WORKER: joined(modules, WORKER),
            STYLES: shortened(sources[STYLES].decode()),
            SHELL: self._filled(sources[SHELL].decode()),
            MANIFEST: self._filled(sources[MANIFEST].decode()),
        }
        bodies = {name: text.encode() for name, text in texts.items()}
        bodies |= {name: body for name, body in sources.items() if name.startswith("icons/")}
        self.files = {name: File(name, body) for name, body in bodies.items()}

    def _filled(self, text: str) -> str:
        kept = ", ".join(f"'/app/{self.hash}/{one}'" for one in _KEPT)
        return text.replace("{{hash}}", self.hash).replace("{{files}}", kept)

    def get(self, name: str) -> File | None:
        """The file of this name, if there is one."""
        return self.files.get(name)


def shortened(styles: str) -> str:
    """A sheet without comments and needless white space, its properties with short names."""
    close = _STYLE_SPACE.sub(lambda found: found[1] or "", _STYLE_COMMENT.sub("", styles)).replace(";}", "}")
    used = Counter(_STYLE_NAME.findall(close)).most_common()
    signs = string.ascii_lowercase + string.ascii_uppercase
    short = {name: f"--{sign}" for (name, _), sign in zip(used, signs, strict=False)}
    return _STYLE_NAME.sub(lambda found: short.get(found[0], found[0]), close)


def _sources() -> Iterator[tuple[str, bytes]]:
    for folder, prefix in ((APP, ""), (VENDOR, "vendor/"), (ICONS, "icons/")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES and path.name != "manifest.json":
                yield prefix + path.relative_to(folder).as_posix(), path.read_bytes()
