"""Projects and key works for staff: what is late and because of whom, a page and a sheet for each."""
