"""The push service's process: `python -m ops.embedded.push`."""

import os

import uvicorn

from ops.embedded.ports import LOOPBACK
from ops.embedded.push.web import PushService

if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8084"))
    uvicorn.run(
        PushService(f"http://{LOOPBACK}:{port}").application(),
        host=LOOPBACK,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
