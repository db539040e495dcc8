"""The vocabulary a layer kind is written in: roles, fields, portrayal, charts, details, registry, filters."""
