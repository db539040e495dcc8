"""From rows to features: columns, values, places, checks, repair."""
