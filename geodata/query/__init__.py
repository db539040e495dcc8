"""Reading: features, tiles, search, places, references, summaries, legal acts."""
