"""The running provider of the journeys, for trouble of another kind."""

from tests.journeys.conftest import provider

__all__ = ["provider"]
