"""Takes events to the endpoints of webhooks over HTTP."""

from colony_webhooks.courier import HttpCourier

__all__ = ["HttpCourier"]
