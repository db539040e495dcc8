"""Papers by template: the department changes the Word file; what is wrong or hostile in it is told with its place."""

import io
import re

import pytest
from docx import Document
from sqlalchemy import text

from geodata.layers import LAYERS
from tests.conftest import sign_in
from tests.webmap.papers.docx_files import saved, with_parts, with_text, words
from webmap.app.papers import usual_template
from webmap.papers.kinds import all_forms, get_form
from webmap.templating.checking import check_template
from webmap.templating.errors import CODES, TemplateRefusedError
from webmap.templating.filling import accept

JSON = {"Accept": "application/json"}
FORMS = {form.name: form for form in all_forms(LAYERS)}
CERTIFICATES = get_form(LAYERS, "certificates")
USUAL = usual_template(CERTIFICATES)


@pytest.fixture
def leader(demo_app):
    return sign_in(demo_app, "leader")


def upload(client, content, name="certificates", **more):
    file = {"template": (io.BytesIO(content), "mau.docx"), **more}
    return client.post(f"/papers/templates/{name}", data=file, headers=JSON)


def codes(content, form=CERTIFICATES):
    with pytest.raises(TemplateRefusedError) as refused:
        accept(content, form.all_fields)
    return [problem.code for problem in refused.value.problems]


@pytest.mark.parametrize("name", FORMS)
def test_the_template_that_goes_with_a_paper_is_accepted_and_leaves_no_brace(name):
    form = FORMS[name]
    _unused, trial = accept(usual_template(form), form.all_fields)
    said = words(trial)
    assert "{" not in said
    assert "[subject]" in said
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in said


def test_the_template_of_a_paper_is_the_same_bytes_each_time():
    usual_template.__globals__["shipped_template"].__globals__["_shipped"].cache_clear()
    assert usual_template(CERTIFICATES) == USUAL


@pytest.mark.parametrize(("in_table", "where"), [(False, "Paragraph"), (True, "Table cell")])
def test_a_wrong_field_name_is_refused_with_its_place(leader, in_table, where):
    content = with_text(USUAL, "Cả thành phố có {{ totall }} cơ sở, ngày {{ on }}", in_table=in_table)
    answer = upload(leader, content)
    assert answer.status_code == 422
    assert answer.json["error"] == "template_refused"
    (problem,) = answer.json["details"]["problems"]
    assert (problem["code"], problem["word"], problem["where"]) == ("unknown_field", "totall", where)
    assert problem["place"] == "Cả thành phố có {{ totall }} cơ sở, ngày {{ on }}"
    page = leader.post("/papers/templates/certificates", data={"template": (io.BytesIO(content), "mau.docx")})
    assert page.status_code == 422
    assert "Văn bản này không có trường “totall”" in page.text
    assert "Cả thành phố có {{ totall }} cơ sở" in page.text


def test_every_wrong_field_is_told_at_once_also_those_of_rows():
    content = with_text(with_text(USUAL, "{% for one in groups %}{{ one.titel }}{% endfor %}"), "{{ no_such }}")
    assert codes(content) == ["unknown_field", "unknown_field"]


def test_an_own_template_is_used_and_kept_with_its_sample_and_one_can_go_back(leader):
    before = leader.get("/papers/lists/certificates.docx?on=2020-02-29").data
    answer = upload(leader, with_text(USUAL, "Mẫu riêng của Sở: {{ total }} cơ sở"), note="Thêm câu đầu")
    assert answer.status_code == 201
    version = answer.json["version"]
    said = words(leader.get("/papers/lists/certificates.docx?on=2020-02-29").data)
    total = re.search(r"Mẫu riêng của Sở: ([\d.]+) cơ sở", said)
    assert total
    assert f": {total[1]} cơ sở." in said
    assert "Mẫu riêng của Sở: [total] cơ sở" in words(
        leader.get(f"/papers/templates/certificates/{version}/trial.docx").data
    )
    page = leader.get("/papers/templates/certificates").text
    assert "Thêm câu đầu" in page
    assert leader.post("/papers/templates/certificates/in-force", data={"version": "0"}).status_code == 302
    assert words(leader.get("/papers/lists/certificates.docx?on=2020-02-29").data) == words(before)
    assert leader.get("/papers/lists/certificates.pdf?on=2020-02-29").data.startswith(b"%PDF")
    assert leader.post("/papers/templates/certificates/in-force", data={"version": str(version)}).status_code == 302
    assert "Mẫu riêng" in words(leader.get("/papers/lists/certificates.docx?on=2020-02-29").data)
    assert leader.post("/papers/templates/certificates/in-force", data={"version": "77"}).status_code == 404


def test_fields_that_a_template_leaves_out_are_told(leader):
    document = Document()
    document.add_paragraph("{{ office }}, {{ number }}, {{ day }}, {{ subject }}, {{ on }}")
    answer = upload(leader, saved(document))
    assert answer.status_code == 201
    assert "total" in answer.json["unused"]
    assert "groups[].rows[].certificate_no" in answer.json["unused"]
    assert "on" not in answer.json["unused"]
    assert "Trường không dùng" in leader.get("/papers/templates/certificates").text


def test_a_sent_report_keeps_the_template_it_was_made_of(leader):
    own = with_text(usual_template(FORMS["monthly"]), "Mẫu tháng của Sở")
    assert upload(leader, own, "monthly").status_code == 201
    assert leader.post("/papers/2020-02/send").status_code == 302
    assert leader.post("/papers/templates/monthly/in-force", data={"version": "0"}).status_code == 302
    page = leader.get("/papers?period=2020-02").text
    (address,) = set(re.findall(r"/papers/sent/\d+/template\.docx", page))
    assert leader.get(address).data == own
    assert "Mẫu tháng của Sở" in words(leader.get(address.replace("/template", "")).data)


def test_a_figure_stands_in_a_sentence_by_its_name(leader):
    sentence = "Có {{ figures.fuel_sites.petrol.now }} cửa hàng, năm trước {{ figures.fuel_sites.petrol.last_year }}."
    assert upload(leader, with_text(usual_template(FORMS["monthly"]), sentence), "monthly").status_code == 201
    assert "Có 132 cửa hàng, năm trước 132." in words(leader.get("/papers/2020-02.docx").data)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}", "{{ office.__class__ }}", "{{ office.format }}", "{{ cycler.__init__.__globals__ }}",
        "{{ self }}", "{{ range(1000000000) }}", "{% for i in range(9) %}x{% endfor %}", "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 99999999 }}", "{% set x = 1 %}", "{% macro m() %}{% endmacro %}", "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}", "{{ office | attr('__class__') }}", "{{ groups }}", "{{ office[0] }}", "{{ lipsum() }}",
        "{% for g in groups %}{% for h in groups %}{{ h.title }}{% endfor %}{% endfor %}",
        "{% for g in groups recursive %}{{ loop(g) }}{% endfor %}", "{% filter upper %}x{% endfilter %}",
        "{{ office | map('upper') }}", "{% raw %}{% endraw %}{{ no }}", "{% if office.__len__ %}x{% endif %}",
    ],
)  # fmt: skip
def test_a_template_is_no_program(text):
    assert set(codes(with_text(USUAL, text))) <= {"not_allowed", "unknown_field", "bad_tag"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ total", "unclosed_tag"), ("{% for g in groups %}", "bad_tag"), ("{{ total total }}", "bad_tag"),
        ("{{p total }}", "bad_tag"), ("{%- if total %}x{% endif %}", "bad_tag"), ("{% colspan total %}", "bad_tag"),
        ("{% endfor %}", "bad_tag"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(text, code):
    with pytest.raises(TemplateRefusedError) as refused:
        check_template(with_text(USUAL, text), CERTIFICATES.all_fields)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_loop_that_ends_outside_the_table_it_begins_in_is_refused():
    document = Document(io.BytesIO(USUAL))
    document.add_table(rows=1, cols=1).rows[0].cells[0].text = "{% for g in groups %}{{ g.title }}"
    document.add_paragraph("{% endfor %}")
    assert codes(saved(document)) == ["bad_tag"]


RELATIONSHIPS = "word/_rels/document.xml.rels"
END = b"</Relationships>"
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relationship(kind, target, mode=b""):
    return (RELATIONSHIPS, END, b'<Relationship Id="rX" Type="' + OFFICE + b"/" + kind + b'" Target="' + target + b'"' + mode + b"/>" + END)  # fmt: skip


BODY = b"<w:body>"
EXTERNAL = b' TargetMode="External"'
HOSTILE = {
    "a macro": ([("word/vbaProject.bin", b"x")], [], "macro"),
    "a macro's type": ([], [("[Content_Types].xml", b"wordprocessingml.document.main+xml", b"macroEnabled.main+xml")], "macro"),
    "an attached template": ([], [relationship(b"attachedTemplate", b"http://example.org/a.dotm", EXTERNAL)], "external_reference"),
    "a linked picture": ([], [relationship(b"image", b"\\\\server\\a.png")], "external_reference"),
    "a link": ([], [relationship(b"hyperlink", b"https://example.org", EXTERNAL)], "external_reference"),
    "an embedded object": ([("word/embeddings/oleObject1.bin", b"x")], [], "embedded_object"),
    "a chunk of HTML": ([("word/a.html", b"<p>")], [], "embedded_object"),
    "an entity": ([("word/a.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')], [], "declared_entities"),
    "an entity in UTF-16": ([("word/a.xml", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"))], [], "declared_entities"),
    "laughing entities": ([], [("word/document.xml", b"<w:document", b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><w:document')], "declared_entities"),
    "a path upwards": ([("../../evil.xml", b"<a/>")], [], "unsafe_path"),
    "a bomb": ([("word/media/a.png", bytes(39 * 2**20))], [], "limit_exceeded"),
    "a huge part": ([("word/a.xml", b"<a>" + b"b" * (13 * 2**20) + b"</a>")], [], "limit_exceeded"),
    "many parts": ([(f"word/media/{n}.png", b"x") for n in range(301)], [], "limit_exceeded"),
    "a part twice": ([("WORD/document.xml", b"<a/>")], [], "duplicate_entries"),
    "a command": ([], [("word/document.xml", BODY, BODY + b"<w:p><w:r><w:instrText>DDE</w:instrText></w:r><w:r><w:instrText>AUTO c cmd</w:instrText></w:r></w:p>")], "field_code"),
    "a text from elsewhere": ([], [("word/document.xml", BODY, BODY + b'<w:p><w:fldSimple w:instr="INCLUDETEXT a"/></w:p>')], "field_code"),
    "a field within a field": ([], [("word/document.xml", BODY, BODY + b"<w:p><w:r><w:instrText>{{ total }}</w:instrText></w:r></w:p>")], "field_code"),
    "a broken part": ([("word/a.xml", b"<a>")], [], "damaged"),
    "an escape in the properties": ([], [("docProps/core.xml", b"<dc:title/>", b"<dc:title>{{ ''.__class__ }}</dc:title>")], "bad_tag"),
    "an escape in a name": ([], [("word/document.xml", BODY, BODY + b'<w:p><w:bookmarkStart w:id="9" w:name="{{ office.__class__ }}"/></w:p>')], "bad_tag"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused(what):
    parts, replaced, code = HOSTILE[what]
    assert codes(with_parts(USUAL, parts, replaced)) == [code]
    assert code in CODES


def test_what_is_no_docx_is_refused():
    assert codes(b"") == ["not_docx"]
    assert codes(b"%PDF-1.7") == ["not_docx"]
    assert codes(USUAL[:2000]) == ["damaged"]
    assert codes(USUAL + bytes(6 * 2**20)) == ["limit_exceeded"]


def test_a_name_with_markup_or_braces_in_the_register_stays_text(demo_connection, leader):
    name = "CHXD <w:p/> & {{ office }} {% raw %} \x0b"
    demo_connection.execute(text("UPDATE fuel_site SET name = :name WHERE code = (SELECT min(code) FROM fuel_site)"), {"name": name})  # fmt: skip
    assert "CHXD <w:p/> & {{ office }} {% raw %}" in words(leader.get("/papers/lists/certificates.docx").data)


def test_planners_take_templates_and_leaders_change_them(demo_app):
    planner, inspector = sign_in(demo_app, "planner"), sign_in(demo_app, "inspector")
    assert planner.get("/papers/templates/certificates/0.docx").data == USUAL
    assert "Lãnh đạo và quản trị viên thay đổi mẫu." in planner.get("/papers/templates/certificates").text
    assert upload(planner, USUAL).status_code == 403
    assert inspector.get("/papers/templates").status_code == 403
    assert demo_app.test_client().get("/papers/templates").status_code in {302, 401}
    assert planner.get("/papers/templates/nothing").status_code == 404
