"""A change of the database's primary under load: the web servers go on without a restart, and nothing acknowledged is lost."""

from scripts.benchmarks.failover import TIMES, run


def test_when_the_primary_is_killed_the_web_servers_turn_to_the_next_and_no_acknowledged_write_is_lost(heavy, between):
    outcome = run(TIMES if heavy else 1)
    assert outcome.acknowledged > 20
    assert outcome.reads > 20
    assert outcome.lost == []
