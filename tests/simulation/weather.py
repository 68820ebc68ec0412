"""What is wrong at the moment with somebody else's server, and how long each of its answers takes."""

import asyncio
from random import Random


class Weather:
    """One server's; `trouble` is what it does instead of its work, empty where all is well.

    `away` takes nothing; `lost` takes it, and its answer never comes; `busy` asks to come again; `broken` is at fault.
    """

    def __init__(self, rng: Random) -> None:
        self.trouble = ""
        self._rng = rng

    async def passes(self) -> str:
        """Let an answer's time go by; gives what is wrong now."""
        await asyncio.sleep(self._rng.uniform(0.005, 0.15))
        # not every request meets it
        return self.trouble if self.trouble and self._rng.random() < 0.8 else ""

    def seconds(self, most: int) -> int:
        """For how long to come not again."""
        return self._rng.randint(1, most)
