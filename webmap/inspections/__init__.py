"""Campaigns, worklists, routes, visits, follow-up: the inspectors' pages."""
