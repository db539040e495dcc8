"""The two verbs, short, against the migrated database."""

import pytest

from geodata.importing import ImportOptions, commit_import, preview_import
from geodata.importing.storing.lists import lists_of
from geodata.layers import LAYERS


@pytest.fixture
def preview(session):
    def run(path, layer="markets", **options):
        return preview_import(session, LAYERS.get(layer), path, ImportOptions(**options))

    return run


@pytest.fixture
def listed(session, preview):
    """The lists of a preview, as they would be written down."""

    def run(path, layer="markets", **options):
        found = preview(path, layer, **options)
        lists = [session.execute(query).all() for query in lists_of(found.comparison.staged)]
        return {rows[0].kind: sorted(rows, key=lambda row: row.position) for rows in lists if rows}

    return run


@pytest.fixture
def store(session, preview):
    def run(path, layer="markets", *, accept_partial=False, **options):
        return commit_import(session, preview(path, layer, **options), user_name="an", accept_partial=accept_partial)

    return run


@pytest.fixture
def stored(session):
    def rows(layer="markets"):
        kind = LAYERS.get(layer)
        session.expire_all()
        return {feature.code: feature for feature in session.query(kind)}

    return rows
