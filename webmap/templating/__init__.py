"""Papers by template: which fields a paper has, what a DOCX may carry, its check, its filling. Knows no request."""
