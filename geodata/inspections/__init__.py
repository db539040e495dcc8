"""The inspection work: states, campaigns, worklists, routes, visits, follow-up and papers. Knows fuel sites, no web."""
