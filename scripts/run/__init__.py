"""The commands themselves: serve, test, bench, manage, check."""
