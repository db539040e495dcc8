"""Each role, layer and verb: allowed or refused exactly as the layer's Access says."""

import itertools

import pytest

from geodata.accounts.access import Action, Role, may
from geodata.base.errors import ForbiddenError, GeodataError
from geodata.editing import Edit, Editor, ObjectEdit, commit_edit, preview_edit, propose
from geodata.layers import LAYERS
from tests.factories import make_feature, shape_for

VERBS = ("add", "change", "move", "delete", "preview", "propose")


def edit_for(verb, made, kind, number):
    if verb == "add":
        return ObjectEdit(values={"code": f"R-{number}", "name": "Mới"}, geometry=shape_for(kind))
    if verb == "move":
        return ObjectEdit(feature_id=made.id, geometry=shape_for(kind, lon=106.7 + number / 10_000))
    if verb == "delete":
        return ObjectEdit(feature_id=made.id, is_deletion=True)
    return ObjectEdit(feature_id=made.id, values={"address": f"phố {number}"})


@pytest.mark.parametrize("kind", list(LAYERS), ids=[kind.layer.name for kind in LAYERS])
def test_a_role_edits_what_its_access_says_and_nothing_else(session, kind):
    for number, (role, verb) in enumerate(itertools.product(Role, VERBS), start=1):
        made = make_feature(session, kind)
        session.commit()
        editor = Editor(name="an", role=role, registry=LAYERS)
        act = {"preview": preview_edit, "propose": propose}.get(verb, commit_edit)
        try:
            act(session, kind, Edit(objects=[edit_for(verb, made, kind, number)]), editor)
            is_allowed = True
        except ForbiddenError:
            session.rollback()
            is_allowed = False
        except GeodataError as error:  # pragma: no cover - says what the walk did wrong
            raise AssertionError(f"{role} {verb}: {error!r}") from error
        assert is_allowed == (may(role, Action.WRITE, kind) and may(role, Action.VIEW, kind)), (role, verb)
