"""Columns that hold a typed document as JSONB."""

from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

from geodata.base.typed_json import from_json, to_json

T = TypeVar("T")


class JsonOf(TypeDecorator[T]):
    """JSONB that is read as a document of a dataclass; None is SQL's NULL. In queries its parts are found as JSONB's are."""

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: type[T]) -> None:
        super().__init__(none_as_null=True)
        self.kind = kind

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        """Return what is stored."""
        return to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        """Return what was stored."""
        return None if value is None else from_json(self.kind, value)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Compare parts as JSONB does."""
        return JSONB().coerce_compared_value(op, value)
