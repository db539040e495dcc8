"""Who may do what: accounts, logins, passwords, areas, saved views."""
