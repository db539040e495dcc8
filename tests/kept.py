"""What all applications of a test process share: compiled code, which depends on a source alone and on no data.

Each test makes an application of its own, so that no cache outlives the transaction which the test rolls back.
"""

from types import CodeType

import pytest
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


class _Templates(BytecodeCache):
    """Compiled templates by name and checksum of their text."""

    def __init__(self) -> None:
        self.compiled: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template that was compiled before."""
        bucket.code = self.compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template that was compiled now."""
        self.compiled[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = _Templates()


def keep_compiled_rules(patch: pytest.MonkeyPatch) -> None:
    """Let a rule that another application has compiled take over what came of it."""
    compiled: dict[tuple[object, ...], Rule] = {}
    compile_rule = Rule.compile

    def once(rule: Rule) -> None:
        assert rule.map is not None
        converters = tuple(rule.map.converters.items())
        key = (
            rule.rule,
            rule.subdomain,
            rule.host,
            repr(rule.defaults),
            rule.merge_slashes,
            rule.map.host_matching,
            converters,
        )
        if (same := compiled.get(key)) is None:
            compile_rule(rule)
            compiled[key] = rule
            return
        rule._parts, rule._trace, rule._converters = same._parts, same._trace, same._converters
        rule.arguments = rule.arguments | same.arguments
        # Bound functions: they read the rule that they are called on.
        rule._build = same._build.__func__.__get__(rule, None)
        rule._build_unknown = same._build_unknown.__func__.__get__(rule, None)

    patch.setattr(Rule, "compile", once)
