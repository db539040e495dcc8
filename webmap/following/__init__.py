"""What I follow, what falls due, and the ways to be told of it: bell, calendar, mail."""
