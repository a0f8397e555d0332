"""Pieces of the page of agents."""
