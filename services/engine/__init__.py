"""Rows become jobs and results: `embedded` runs a `runner` a batch, `gateway` and `budget` stand before Writer."""
