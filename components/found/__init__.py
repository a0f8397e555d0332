"""Pieces of the page that finds lost jobs."""
