"""The list of vendors and what it builds."""

import pytest

from config.settings import Settings
from integrations.registry import VENDORS, build_helpdesk, build_webhook, configured


def settings(**values: str) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]


def test_only_what_the_settings_switch_on_is_configured():
    """A vendor without an address is off."""
    assert configured(settings(zendesk_url="")) == ()
    assert configured(settings(zendesk_url="https://acme.zendesk.com")) == ("zendesk",)


@pytest.mark.parametrize("vendor", ["", "freshdesk", "zendesk.client", "../zendesk"])
@pytest.mark.parametrize("build", [build_webhook, build_helpdesk])
def test_an_unknown_vendor_is_not_imported(vendor, build):
    """Only names on the list lead to a module."""
    assert vendor not in VENDORS
    with pytest.raises(ValueError, match="unknown vendor"):
        build(vendor, settings())


def test_a_webhook_without_a_secret_is_not_built():
    """A vendor that is on without a signing secret fails at start, not at the first forged request."""
    with pytest.raises(ValueError):
        build_webhook("zendesk", settings(zendesk_url="https://acme.zendesk.com"))
