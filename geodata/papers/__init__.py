"""Papers that were sent: what went up is kept as it was."""
