"""Backups that can be trusted: one file with the database, the uploaded originals and a manifest, checked at both ends."""
