"""The only list of vendors. A vendor is named when it is asked for: the door builds webhooks and never loads a client.

Each vendor's folder has `webhook.py` with `is_configured(settings)` and `build_webhook(settings)`, `client.py` with
`build_helpdesk(settings, timeout_seconds=...)`, and `setup.py` with `build_setup(settings)`.
"""

from importlib import import_module
from types import ModuleType

from config.settings import Settings
from integrations.helpdesk import Helpdesk, Webhook
from integrations.setup import Setup

VENDORS = ("zendesk", "intercom")


def build_webhook(vendor: str, settings: Settings) -> Webhook:
    """Return the receiving half of a vendor. Raise ValueError if it is unknown or its settings cannot be used."""
    webhook: Webhook = _module(vendor, "webhook").build_webhook(settings)
    return webhook


def build_helpdesk(vendor: str, settings: Settings, *, timeout_seconds: float = 20.0) -> Helpdesk:
    """Return the calling half of a vendor, one object for all threads; each of its calls ends within the time.

    Raise ValueError as `build_webhook` does.
    """
    helpdesk: Helpdesk = _module(vendor, "client").build_helpdesk(settings, timeout_seconds=timeout_seconds)
    return helpdesk


def build_setup(vendor: str, settings: Settings) -> Setup:
    """Return what sets a vendor up. Raise ValueError as `build_webhook` does."""
    setup: Setup = _module(vendor, "setup").build_setup(settings)
    return setup


def configured(settings: Settings) -> tuple[str, ...]:
    """Return the vendors that the settings switch on."""
    return tuple(vendor for vendor in VENDORS if _module(vendor, "webhook").is_configured(settings))


def _module(vendor: str, half: str) -> ModuleType:
    if vendor not in VENDORS:
        raise ValueError(f"unknown vendor; known are {', '.join(VENDORS)}")
    return import_module(f"integrations.{vendor}.{half}")
