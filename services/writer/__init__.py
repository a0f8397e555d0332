"""Writer's API: `client` asks, `transport` sends, `wire` translates, `agents` keeps the list of agents."""
