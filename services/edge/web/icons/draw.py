"""Draws the app's icons: `python -m services.edge.web.icons.draw` writes them beside this file."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

SUN, DEEP, NONE = (0xF5, 0xB9, 0x21, 255), (0x0B, 0x45, 0x35, 255), (0, 0, 0, 0)
SAMPLES = 3
Colour = tuple[int, int, int, int]

_TAIL = ((5.8, 18.8), (4.0, 30.0), (13.0, 27.0))


def _in_bubble(x: float, y: float) -> bool:
    inside = ((x - 16) / 14) ** 2 + ((y - 15) / 13) ** 2 <= 1
    edges = zip(_TAIL, (*_TAIL[1:], _TAIL[0]), strict=True)
    return inside or all((bx - ax) * (y - ay) - (by - ay) * (x - ax) <= 0 for (ax, ay), (bx, by) in edges)


def _in_plus(x: float, y: float) -> bool:
    def near(px: float, py: float) -> bool:
        return (x - px) ** 2 + (y - py) ** 2 <= 1.5**2

    return near(min(max(x, 10.5), 21.5), 15) or near(16, min(max(y, 9.5), 20.5))


def _colour(x: float, y: float, ground: Colour) -> Colour:
    if _in_plus(x, y):
        return DEEP
    return SUN if _in_bubble(x, y) else ground


def _rows(size: int, ground: Colour, scale: float) -> Iterator[bytes]:
    steps = [(i + 0.5) / SAMPLES for i in range(SAMPLES)]
    for py in range(size):
        row = bytearray(b"\0")
        for px in range(size):
            seen = [
                _colour(16 + ((px + dx) / size * 32 - 16) / scale, 16 + ((py + dy) / size * 32 - 16) / scale, ground)
                for dx in steps
                for dy in steps
            ]
            alpha = sum(one[3] for one in seen)
            row += bytes(sum(one[i] * one[3] for one in seen) // alpha if alpha else 0 for i in range(3))
            row.append(alpha // len(seen))
        yield bytes(row)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: int, *, ground: Colour, scale: float) -> bytes:
    """The sign on this ground; at scale 1 it fills the square."""
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"".join(_rows(size, ground, scale)), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def ico(image: bytes, size: int) -> bytes:
    """One PNG as an icon of Windows' kind, which every browser asks for by itself."""
    entry = struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(image), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + image


if __name__ == "__main__":
    here = Path(__file__).parent
    (here / "192.png").write_bytes(png(192, ground=DEEP, scale=0.72))
    (here / "512.png").write_bytes(png(512, ground=DEEP, scale=0.72))
    (here / "maskable.png").write_bytes(png(512, ground=DEEP, scale=0.56))
    (here / "favicon.ico").write_bytes(ico(png(32, ground=NONE, scale=1), 32))
