"""What stands under everything: errors, texts, coordinate systems, the database, versions of the data."""
