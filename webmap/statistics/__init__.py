"""Dashboard, indicators, written reports."""
