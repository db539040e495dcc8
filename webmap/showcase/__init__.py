"""A layer's public pages."""
