"""How many examples a property test of the database takes: some in each run of the suite, all in the heavy one."""

from hypothesis import HealthCheck, settings

#: `./scripts/test --heavy` loads this profile (tests/conftest.py).
HEAVY = "heavy"


def examples(some: int, *, heavy: int) -> settings:
    """Return the settings of a property test whose examples share a session or a folder."""
    number = heavy if settings.get_current_profile_name() == HEAVY else some
    shared = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number, deadline=None, suppress_health_check=shared)
