"""What changed, by whom, and back again: change sets, undo, the layers as they were stored on a day."""
