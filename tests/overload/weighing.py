"""Weighs every process once a second while something goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bench.processes import resident_megabytes
from bench.product import Product, ProductFailed

_EVERY = timedelta(seconds=1)


@contextmanager
def weighed(product: Product) -> Iterator[dict[str, float]]:
    """Give the most that each part held while the context lasts, in MB of resident memory; its largest replica's."""
    most: dict[str, float] = {}
    over = threading.Event()

    def weigh() -> None:
        while not over.wait(_EVERY.total_seconds()):
            try:
                now = {name: max(map(resident_megabytes, pids)) for name, pids in product.pids().items()}
            except (FileNotFoundError, StopIteration, ProductFailed):
                # one that is being started again has no weight yet
                continue
            most.update({name: max(weight, most.get(name, 0)) for name, weight in now.items()})

    watching = threading.Thread(target=weigh)
    watching.start()
    try:
        yield most
    finally:
        over.set()
        watching.join()
