"""The local web server: a status page without secrets, health, metrics and the API."""

from gateway.web.app import create_app
from gateway.web.ports import GatewayActs, GatewayView

__all__ = ["GatewayActs", "GatewayView", "create_app"]
