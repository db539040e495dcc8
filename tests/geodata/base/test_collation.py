"""What Python sorts stands as the database sorts it: Đ after D, tones after letters."""

from hypothesis import given, strategies as st
from sqlalchemy import ARRAY, Text, func, literal, select

from geodata.base.collation import by_name, name_key
from tests.examples import examples

_LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyAĐÂƠàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ 0123456789-"
_NAME = st.text(st.sampled_from(_LETTERS), min_size=1, max_size=6)


@examples(60, heavy=1000)
@given(names=st.lists(_NAME, min_size=2, max_size=40, unique=True))
def test_names_stand_as_the_database_puts_them(session, names):
    name = func.unnest(literal(names, ARRAY(Text))).column_valued("name")
    assert sorted(names, key=name_key) == session.scalars(select(name).order_by(by_name(name))).all()


def test_people_are_found_where_the_alphabet_has_them():
    people = ["Đoàn An", "Dương Văn Lý", "Ỷ Lan", "Zung", "Ân", "An", "Ăn", "Dung"]
    assert sorted(people, key=name_key) == ["An", "Ăn", "Ân", "Dung", "Dương Văn Lý", "Đoàn An", "Ỷ Lan", "Zung"]
