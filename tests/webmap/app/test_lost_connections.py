"""A connection that breaks after the answer was made takes nothing back: neither this answer nor the next."""

from sqlalchemy import text

from webmap.app.extensions import db_session


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
