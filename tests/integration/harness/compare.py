"""Upstream and mirror must hold the same rows, each as often."""

import json
import re
from collections import Counter
from decimal import Decimal

import psycopg2.extensions

from .wait import eventually

_FLOATS = {700, 701}
_FLOAT_ARRAYS = {1021, 1022}
_JSON = {114, 3802}
_JSON_ARRAYS = {199, 3807}
_NUMERIC = 1700
_NUMERIC_ARRAY = 1231
_TIMESTAMPTZ = {1184, 1185}
_TIME_RANGES = {3908, 3910}
# Everything psycopg2 would turn into something else than text: dates it cannot hold, intervals it flattens.
_AS_TEXT = psycopg2.extensions.new_type(
    (16, 17, 20, 21, 23, 26, 114, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 3802, 3807,
     199, 1000, 1001, 1005, 1006, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1028, 1115, 1182, 1183, 1185, 1187, 1231,
     2951, 3904, 3906, 3908, 3910, 3912, 3926, 1002, 3905, 3907, 3909, 3911, 3913, 3927), "AS_TEXT", lambda value, cursor: value)


def _canonical(value, oid):
    """Text with the differences removed that docs/differences.md allows between the two servers."""
    if value is None:
        return None
    if oid in _FLOATS:
        return repr(float(value))
    if oid in _FLOAT_ARRAYS:
        return re.sub(r"[^{},]+", lambda word: word[0] if word[0] == "NULL" else repr(float(word[0])), value)
    if oid == _NUMERIC:
        return _plain(value)
    if oid == _NUMERIC_ARRAY:
        return re.sub(r"[^{},]+", lambda word: word[0] if word[0] == "NULL" else _plain(word[0]), value)
    if oid in _JSON:
        return json.dumps(json.loads(value, parse_float=_plain, parse_int=_plain), sort_keys=True)
    if oid in _JSON_ARRAYS:
        return value.replace(" ", "")  # the dialect prints no blanks inside
    if oid in _TIMESTAMPTZ:
        return value.replace(" UTC", "+00")
    if oid in _TIME_RANGES:
        return value.replace(" UTC", "+00").replace('"', "")  # the dialect prints no quotes inside
    return value


def _plain(number):
    """A numeric without the trailing zeros, which the dialect does not print."""
    value = Decimal(number)
    if value.is_nan():
        return "NaN"
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def rows(connection, query):
    """The answer as a multiset of rows of canonical text."""
    with connection.cursor() as cursor:
        psycopg2.extensions.register_type(_AS_TEXT, cursor)
        cursor.execute(query)
        oids = [column.type_code for column in cursor.description]
        return Counter(tuple(map(_canonical, row, oids)) for row in cursor)


def differences(expected, actual, limit=5):
    """A text that shows how two multisets differ; empty if they do not."""
    if expected == actual:
        return ""
    missing, surplus = expected - actual, actual - expected
    lines = [f"{sum(expected.values())} rows expected, {sum(actual.values())} found; "
             f"{sum(missing.values())} missing, {sum(surplus.values())} too many"]
    lines += [f"  missing {count} x {row}" for row, count in list(missing.items())[:limit]]
    lines += [f"  surplus {count} x {row}" for row, count in list(surplus.items())[:limit]]
    return "\n".join(lines)


def assert_equal(upstream, mirror, query, mirror_query=None):
    """Both sides answer the query alike, now."""
    text = differences(rows(upstream, query), rows(mirror, mirror_query or query))
    assert not text, f"{query}: {text}"


def eventually_equal(upstream, mirror, query, mirror_query=None, timeout=30):
    """Both sides answer the query alike, soon: for a moment when nobody writes upstream."""
    expected = rows(upstream, query)
    latest = ""

    def same():
        nonlocal latest
        latest = differences(expected, rows(mirror, mirror_query or query))
        assert not latest, latest
        return True

    eventually(same, timeout, f"the mirror answers as upstream: {query}", every=0.05)
