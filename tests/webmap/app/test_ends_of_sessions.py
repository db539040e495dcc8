"""How a request's session ends: with the answer, whatever became of the connection, and before the page of an error."""

import pytest
from flask import request
from sqlalchemy import text

from geodata.base.errors import NotFoundError
from tests.conftest import PASSWORD
from webmap.app.auth import current_reader
from webmap.app.extensions import database, db_session


def test_an_answer_stands_although_its_connection_broke_at_the_end(engine, make_app):
    app, cut = make_app(engine), []

    @app.after_request
    def _cut(response):
        if not cut:
            cut.append(db_session().scalar(text("SELECT pg_backend_pid()")))
            with engine.begin() as other:
                other.execute(text("SELECT pg_terminate_backend(:number, 5000)"), {"number": cut[0]})
        return response

    client = app.test_client()
    assert client.get("/login").status_code == 200
    assert cut
    assert client.get("/login").status_code == 200


@pytest.mark.parametrize("path", ["/refused", "/account"])
def test_the_bell_of_an_error_page_reads_what_is_kept_for_all_and_no_transaction_of_what_was_refused(
    demo_engine, demo_accounts, make_app, path
):
    app, levels = make_app(demo_engine), []

    @app.before_request
    def _begin():
        db_session().scalar(text("SELECT 1"))
        if request.path == "/refused":
            raise NotFoundError(value="x")

    def count():
        with database().reading(current_reader()) as connection:
            levels.append(connection.get_execution_options().get("isolation_level"))

    app.extensions["bell"].append(count)
    client = app.test_client()
    client.post("/login", data={"username": demo_accounts["planner"], "password": PASSWORD})
    assert client.get(path).status_code == (404 if path == "/refused" else 200)
    assert set(levels) == {"AUTOCOMMIT" if path == "/refused" else None}
