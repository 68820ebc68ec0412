"""A browser of a customer's, which subscribes to push messages and shows what comes (R16)."""

from collections.abc import Sequence

from ops.demo.stage import App, Json, Stage, expect


class Browser:
    """A browser that the stand-in for push services knows."""

    def __init__(self, stage: Stage, url: str) -> None:
        self._stage = stage
        self._url = url
        self._id = ""

    def subscribe(self, app: App) -> None:
        """Subscribe as the app's page does, and register that."""
        key = app.get("/v1/devices/key", show=False)["public_key"]
        expect("whether the app gets the key that pushes are signed with", of=bool(key), to_be=True)
        made = self._stage.http.post(f"{self._url}/subscriptions").json()
        self._id = made["id"]
        device = {"kind": "web_push", "endpoint": made["endpoint"], "keys": made["keys"], "label": "Navegador"}
        app.post("/v1/devices", device, status=201)

    def shown(self) -> Sequence[Json]:
        """The notifications that it shows, the oldest first."""
        found = self._stage.http.get(f"{self._url}/subscriptions/{self._id}/messages").json()
        return [one["message"]["notification"] for one in found]


def the_device(stage: Stage, customer: Json, app: App) -> Browser | None:
    """Subscribe a browser; None where pushes go to the world's own services."""
    if not stage.push:
        return None
    stage.screen.chapter(f"{customer['name']} switches on push messages in the app")
    browser = Browser(stage, stage.push)
    browser.subscribe(app)
    return browser
