"""Advances one batch: send, collect, settle. What is decided here is written to the store before it counts."""

from services.engine.runner.advance import Runner

__all__ = ["Runner"]
