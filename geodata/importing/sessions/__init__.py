"""Imports over the web: what was asked, what runs, what is handed back."""
