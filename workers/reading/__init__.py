"""Read a ticket: the door of the rooms behind it. Pure; the language models of the detector load on first use."""

from workers.reading.ticket import read

__all__ = ["read"]
