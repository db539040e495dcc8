"""The 110 kV network for staff: pages, drawings, papers."""
