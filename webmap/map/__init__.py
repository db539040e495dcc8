"""The map page and what it asks: tiles, objects, tables, tools, exports."""
