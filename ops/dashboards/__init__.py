"""The dashboards, each a module of questions; `python -m ops.generate` writes them for Grafana."""

from ops.dashboards.notifications import NOTIFICATIONS
from ops.dashboards.overview import OVERVIEW
from ops.dashboards.parts import PARTS
from ops.dashboards.services import SERVICES

ALL = (OVERVIEW, SERVICES, NOTIFICATIONS, PARTS)
