"""What every page stands on: settings, rights, security, errors, languages, addresses, queries."""
