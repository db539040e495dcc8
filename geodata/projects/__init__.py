"""Projects and key works: what is late and because of whom, pictures of the schedule, sheets to send up."""
