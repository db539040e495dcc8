"""From features to the table: comparison, likeness, writing, indexes."""
