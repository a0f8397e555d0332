"""Texts that read like the real thing, one module for each agent."""
