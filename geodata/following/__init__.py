"""What people follow: objects, areas and filters of the map; what changed of them and what falls due."""
