"""The project's commands: they install, start, stop and drive; what the map knows lives in geodata and webmap."""
