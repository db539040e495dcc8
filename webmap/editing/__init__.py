"""Editing on the map: the form generated from a layer's class, and the addresses its scripts call."""
