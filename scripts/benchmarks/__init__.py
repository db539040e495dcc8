"""Measurements that ./scripts/bench lists and runs, one module each."""
