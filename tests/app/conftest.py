"""The door over a fresh database, a fake vendor and a fake bell."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from app import create_app
from config.logs import set_up_logs
from config.settings import Settings
from tests.fakes.record import NOW, TOKEN
from tests.fakes.webhook import FakeBell, FakeWebhook
from workers.intake import Intake
from workers.store.inbox import Inbox
from workers.store.story import Story
from workers.store.tables import open_engine

T = TypeVar("T")


@dataclass
class Door:
    engine: Engine
    intake: Intake
    bell: FakeBell
    webhook: FakeWebhook
    settings: Settings

    def client(self, **settings: Any) -> FlaskClient:
        """A browser of its own, and settings of its own where they are given."""
        return create_app(self.settings.model_copy(update=settings), self.intake).test_client()


@pytest.fixture
def door(database_url):
    engine = open_engine(database_url)
    bell, webhook = FakeBell(), FakeWebhook()
    webhooks = {"zendesk": webhook, "intercom": webhook}
    intake = Intake(webhooks, Inbox(engine), bell, Story(engine), now=lambda: NOW)
    settings = Settings(_env_file=None, DESKHAND_API_TOKEN=TOKEN, CHROMA_URL="http://127.0.0.1:1")
    yield Door(engine, intake, bell, webhook, settings)
    engine.dispose()


@pytest.fixture
def logged(capsys):
    """Return what a function logs, as text. Logs are set up inside the test: pytest has its own handlers."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def run(act: Callable[[], T]) -> tuple[T, str]:
        set_up_logs()
        try:
            result = act()
        finally:
            root.handlers[:] = before
            root.setLevel(level)
        return result, capsys.readouterr().err

    return run
