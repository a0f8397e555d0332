"""Pieces of the page of an agent's jobs."""
