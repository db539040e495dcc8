"""Photos from phones, made safe: for visits and for projects."""
