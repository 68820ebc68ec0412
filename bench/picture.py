"""Makes a PNG of the chart, by the Chromium that the journeys use too."""

import os
import shutil
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

from bench.chart import size_of

_WITHIN = timedelta(seconds=60)


def chromium() -> str | None:
    """The browser: `CHROMIUM`, or what is installed."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def png(folder: Path) -> str:
    """Make `chart.png` of `chart.svg`; what is returned names why there is none, and is empty where there is one."""
    drawn, made = (folder.absolute() / name for name in ("chart.svg", "chart.png"))
    browser = chromium()
    if not browser:
        return "no chart.png: Chromium is not installed"
    width, height = size_of(drawn.read_text())
    with tempfile.TemporaryDirectory(prefix="bench-chromium-") as profile:
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}")
        picture = (f"--window-size={width},{height}", "--force-device-scale-factor=2", f"--screenshot={made}")
        try:
            done = subprocess.run(  # noqa: S603 - a browser of ours on a picture of ours
                [browser, *options, *picture, drawn.as_uri()],
                capture_output=True,
                check=False,
                timeout=_WITHIN.total_seconds(),
            )
        except subprocess.TimeoutExpired:
            return "no chart.png: Chromium took too long"
    return "" if done.returncode == 0 and made.exists() else "no chart.png: Chromium drew nothing"
