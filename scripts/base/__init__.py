"""What every command stands on: console, paths, locks, processes."""
