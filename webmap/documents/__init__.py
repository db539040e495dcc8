"""Legal acts and what they are linked to."""
