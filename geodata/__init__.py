"""What the department knows and how it is stored: layers, rules, import, export. No web."""
