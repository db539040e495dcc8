"""The private PostgreSQL cluster and connections to the database."""
