"""Short answers and the glossary."""
