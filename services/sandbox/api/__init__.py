"""The calls, one class for each resource. Those that aren't `async` run in threads: they use the database."""
