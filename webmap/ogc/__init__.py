"""The layers by the open standards of the OGC (Features, Tiles), and with our symbols in other programs.

Documents are made here from the registry; the views answer them. No SQL, no geometry.
"""
