"""The dashboard: server-rendered pages over the record. It reads, and changes nothing but its own log-in."""

from app.dashboard.pages import install

__all__ = ["install"]
