"""Pieces of the connection's page."""
