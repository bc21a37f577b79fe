from __future__ import annotations

import pytest

from inferspect.prompts.template import TemplateError, parse_template


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("plain { text } 100 %", set()),
        ("{{ a }} {{ b.c }} {{ d[0].e['f'] }}", {"a", "b", "d"}),
        ("{% if a and not b or c == 1 %}{{ d }}{% elif e is defined %}{% else %}{{ f }}{% endif %}", set("abcdef")),
        (
            "{% for x in xs %}{{ x.y }}{{ loop.index }}{% if loop.last %}!{% endif %}{% else %}{{ n }}{% endfor %}",
            {"xs", "n"},
        ),
        ("{% for x in xs %}{% endfor %}{{ x }}", {"xs", "x"}),
        (r"{{ 'a\n\\\'' }}{% raw %} #} + - {% endraw %}" + "{{\u00a0a }}{{ loop }}", {"a", "loop"}),
        ("{{ a | default('b') | trim | upper }}{{ xs | join(sep) }}{{ xs | length }}", {"a", "xs", "sep"}),
        ("{# a #}{% raw %}{{ b }}{% endraw %}{%- if c -%}{%- endif -%}", {"c"}),
    ],
)
def test_what_the_language_has_is_taken(source: str, variables: set[str]) -> None:
    """And its variables are known, those of loops left out."""
    assert parse_template(source).variables == variables


@pytest.mark.parametrize(
    "source",
    [
        "{% include 'a' %}",
        "{% extends 'a' %}",
        "{% import 'a' as b %}",
        "{% set a = 1 %}",
        "{% macro a() %}{% endmacro %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}a{% endfilter %}",
        "{% call a() %}{% endcall %}",
        "{% with a = 1 %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ a() }}",
        "{{ a.b() }}",
        "{{ 'a'.join(b) }}",
        "{{ a + b }}",
        "{{ a * 100000000 }}",
        "{{ a ** b }}",
        "{{ a ~ b }}",
        "{{ a if b else c }}",
        "{{ a == b }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ a[1:2] }}",
        "{{ a[b] }}",
        "{{ a.none }}",
        "{% if not a == b %}{% endif %}",
        "{% if a == null %}{% endif %}",
        "{{ 1e3 }}",
        "{{ 1_000 }}",
        "{{ 0x1f }}",
        "{{ a[-1] }}",
        "{{ a | map('upper') }}",
        "{{ a | safe }}",
        "{{ a | default }}",
        "{{ a | trim | default('b') }}",
        "{{ a | join(',', 'b') }}",
        "{{ a | join(d=',') }}",
        "{{ a | default(*b) }}",
        "{{ a.length }}",
        "{% if a is odd %}{% endif %}",
        "{% if a in b %}{% endif %}",
        "{% if 1 < a < 3 %}{% endif %}",
        "{% if a == True %}{% endif %}",
        "{% for a, b in c %}{% endfor %}",
        "{% for a in b if a %}{% endfor %}",
        "{% for a in b recursive %}{% endfor %}",
        "{% for a in range(9) %}{% endfor %}",
        "{% for loop in a %}{% endfor %}",
        "{% for a in b %}{% else %}{{ a }}{% endfor %}",
        "{% for a in b %}{% for a in c %}{% else %}{{ a }}{% endfor %}{% endfor %}",
        "{% for a in b %}{{ loop.cycle }}{% endfor %}",
        "{% for a in b %}{% break %}{% endfor %}",
        "{%+ if a %}{% endif %}",
        "{% if a +%}{% endif %}",
        "{{ a +}}",
        "{#+ a #}",
        "{% raw -%}a{% endraw %}",
        "{%- raw %}a{% endraw %}",
        "{% raw %}a{%- endraw %}",
        "{% raw %}{% raw %}{% endraw %}",
        "color: {#}",
        "a #} b",
        r"{{ 'a\x41' }}",
        r"{{ 'a\d' }}",
        r"{{ 'a\\\d' }}",
        "{{ 'a\\\nb' }}",
        "{{ 'a' 'b' }}",
        "{{ a.0 }}",
        "{{ a | join('',) }}",
        "{{\u3000a }}",
        "{{ 9007199254740993 }}",
        "{{ " + "9" * 5_000 + " }}",
        "{% if range %}{% endif %}",
        "{{ cycler | default('x') }}",
        "{% if constructor %}{% endif %}",
        "{% if a.constructor %}{% endif %}",
        "{{ a['__proto__'] | default('x') }}",
        "{% for toString in a %}{{ toString }}{% endfor %}",
        "{% for a in b %}{{ loop | length }}{% endfor %}",
        "{% for a in b %}{% if loop %}{% endif %}{% endfor %}",
        "{% for a in b %}{{ loop['revindex'] | default('x') }}{% endfor %}",
        "{{ a",
        "{% if a %}",
        "{% endif %}",
        "{{ }}",
        "{{ a. }}",
        "{{ " + "(" * 2_000 + "a" + ")" * 2_000 + " }}",
        "{% if a %}" * 100 + "{% endif %}" * 100,
        "{{ a" + ".b" * 100 + " }}",
        "{% if " + "not " * 2_000 + "a %}{% endif %}",
    ],
)
def test_what_it_does_not_have_is_refused(source: str) -> None:
    """Also what only one of the two languages knows, and what is nested without end."""
    with pytest.raises(TemplateError):
        parse_template(source)


def test_a_mistake_has_its_line() -> None:
    with pytest.raises(TemplateError) as refused:
        parse_template("a\nb {{ a }}\n{{ b | nope }}")
    assert refused.value.line == 3
