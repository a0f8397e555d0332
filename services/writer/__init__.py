"""Writer's API: `client` sends, `wire` translates, `agents` keeps the list of agents."""
