"""Figures: the dashboard's and the monthly indicators."""
