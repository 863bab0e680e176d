"""The self-test at start: it measures where the database is, and warns of what is slow or too good to be true."""

import pytest

from workers.store import durability
from workers.store.durability import judge, self_test


def test_it_measures_the_store_it_is_given(engine):
    """A time above nothing, the store's name and version, and no file left behind."""
    found = self_test(engine)
    assert 0 < found.seconds < 5
    assert found.store.startswith("SQLite 3." if engine.dialect.name == "sqlite" else "PostgreSQL")


def test_it_leaves_nothing_behind(tmp_path):
    """The file it measures with is gone."""
    durability.fdatasync_seconds(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.025, "takes 25 ms"), (0.000_002, "a disk that lies"), (0.002, ""), (0.000_1, "")]
)
def test_slow_and_too_fast_are_said(seconds, words):
    """Ten milliseconds are slow; two microseconds are no disk."""
    said = judge(seconds, "/var/lib/deskhand")
    assert (words in said[0]) if words else said == ()


@pytest.mark.postgres
def test_a_database_that_does_not_wait_is_said(postgres_url):
    """The tests' own server runs without fsync, which is just such a one."""
    from sqlalchemy import create_engine

    engine = create_engine(f"{postgres_url}/postgres")
    (warning,) = self_test(engine).warnings
    assert "fsync is off" in warning
    engine.dispose()
