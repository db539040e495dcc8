"""The 110 kV network: what it carries, what fails when one element fails, and where more can be connected.

Read in this order: `records` (stations and circuits as plain rows), `parameters` (numbers with their origin),
`topology`, `towers` and `network` (a year's buses and branches), `flow` (the AC equations), `outages`, `headroom`, `study`,
`report`. `reading` fills the records from the layers, `requests` reads who wants power, `tables` keeps parameters and results. No web.
"""
