"""From bytes to rows: archives, drivers in a limited process, encodings."""
