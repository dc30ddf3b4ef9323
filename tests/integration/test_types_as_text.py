"""TEXT COLUMNS: of any type, what is here is what upstream's output function says, in the snapshot and in the stream."""

from harness import compare, source
from harness.case import limit

TYPES = {
    "mood": ["'sad'", "'ha ppy'", "''"],
    "positive": ["1", "2147483647"],
    "pair": ["ROW(1, 'x')", "ROW(NULL, NULL)", "ROW(1, 'a,\"b\" (c)')", "ROW(NULL, '')"],
    "mood_range": ["'[sad,ha ppy)'", "'empty'"],
    "mood[]": ["'{sad,NULL,\"ha ppy\"}'", "'{}'"],
    "pair[]": ["ARRAY[ROW(1, 'x')::pair, NULL]"],
    "positive[]": ["'{1,2}'"],
    "inet": ["'10.0.0.1'", "'::1/64'", "'192.168.0.0/16'"],
    "cidr": ["'10.0.0.0/8'", "'2001:db8::/32'"],
    "macaddr": ["'08:00:2b:01:02:03'"],
    "macaddr8": ["'08:00:2b:01:02:03:04:05'"],
    "money": ["'92233720368547758.07'", "'-92233720368547758.08'", "0"],
    "bit(3)": ["B'101'"],
    "varbit": ["B''", "B'1'", "B'1010101010101010101'"],
    "xml": ["'<a b=\"c\">text</a>'", "'just text'", "'<a/><b/>'"],
    "tsvector": ["'a fat cat'", "to_tsvector('simple', 'a fat cat''s \\ \"x\"')", "''"],
    "tsquery": ["'fat & (rat | cat:ab)'", "'!x'"],
    "point": ["'(1,2)'", "'(NaN,Infinity)'", "'(1e-300,0.1)'"],
    "line": ["'{1,2,3}'"],
    "lseg": ["'[(0,0),(1,1)]'"],
    "box": ["'(1,1),(0,0)'"],
    "path": ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"],
    "polygon": ["'((0,0),(1,1),(2,0))'"],
    "circle": ["'<(1,2),3.3>'"],
    "box[]": ["ARRAY['(1,1),(0,0)'::box, NULL]"],
    "pg_lsn": ["'0/0'", "'FFFFFFFF/FFFFFFFF'"],
    "timetz": ["'12:34:56.789+02'", "'24:00:00-15:59'"],
    "time": ["'24:00:00'", "'23:59:59.999999'"],
    "date": ["'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'"],
    "timestamp": ["'infinity'", "'294276-12-31 23:59:59.999999'", "'4713-01-01 00:00:00 BC'"],
    "timestamptz": ["'-infinity'", "'2024-01-01 12:00:00+05:30'"],
    "timestamptz(2)": ["'2024-01-01 12:00:00.129+00'"],
    "interval": ["'178956970 years 7 mons'", "'-178000000 years'", "'1 mon -1 day -00:00:00.000001'"],
    "numeric": ["'NaN'", "'Infinity'", "'-Infinity'", "1e-100", "-1e100", "repeat('9', 200)::numeric", "1.10", "0.000"],
    "numeric(100,50)": ["1.5"],
    "numeric(3,-2)": ["12345"],
    "numeric[]": ["'{Infinity,1.10}'"],
    "json": ["'{\"b\":  1, \"a\": [1.0],\"a\":2}'", "'\"\\u0000\"'", "'1e1000'"],
    "jsonb": ["'{\"b\":  1, \"a\": [1.0]}'"],
    "jsonpath": ["'$.a[*] ? (@ > 1)'"],
    "int": ["-2147483648", "5"],
    "oid": ["4294967295"],
    "boolean": ["true", "false"],
    "float8": ["'-0'", "0.1", "1e-320", "'NaN'"],
    "float4": ["0.1", "'3.4028235e38'"],
    "bytea": ["''", "'\\x00ff'"],
    "char(5)": ["'ab'", "''"],
    "varchar(5)": ["'ab  '"],
    "\"char\"": ["'a'", "'\\377'", "''"],
    "name": ["'a name'"],
    "text": ["E'tab\\tline\\nback\\\\slash'", "'\\N'", "'NULL'", "''", "repeat('long', 40000)"],
    "text[]": ["ARRAY['', 'NULL', NULL, 'a,b', '{\"q\"}', E'back\\\\slash']"],
    "int[]": ["'[0:1]={1,2}'", "'[-1:0][5:6]={{1,2},{3,NULL}}'", "'{{{{{{1}}}}}}'"],
    "uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
    "int4multirange": ["'{[1,3),[5,7)}'", "'{}'"],
    "nummultirange": ["'{[1.50,3.5]}'"],
    "datemultirange": ["'{[2024-01-01,infinity)}'"],
    "tstzmultirange": ["'{[\"2024-01-01 12:00:00+02\",)}'"],
    "tstzrange": ["'[\"2024-01-01 12:00:00.5+02\",)'"],
    "xid": ["'4294967295'"],
    "xid8": ["'18446744073709551615'"],
    "cid": ["'5'"],
    "tid": ["'(1,2)'"],
    "oidvector": ["'1 2 3'"],
    "int2vector": ["'1 2'"],
    "pg_snapshot": ["'10:20:10,14,15'"],
    "regtype": ["'integer'", "'mood'", "'1'"],
    "regclass": ["'pg_class'", "'text_0'", "'1'"],
    "regproc": ["'pg_catalog.now'"],
    "regprocedure": ["'abs(integer)'"],
    "regoper": ["'0'"],
    "regoperator": ["'+(integer,integer)'"],
    "regconfig": ["'english'"],
    "regdictionary": ["'simple'"],
    "regnamespace": ["'public'"],
    "regrole": ["'postgres'"],
    "regcollation": ["'\"C\"'"],
    "hstore": ["'\"a\"=>\"1\", b=>NULL'", "''"],
    "citext": ["'MiXed'"],
    "citext[]": ["'{A,b}'"],
    "ltree": ["'Top.Science'"],
    "cube": ["'(1,2),(3,4)'"],
}

# Without an operator class for equality they cannot be looked for by IS NOT DISTINCT FROM; that is not needed.
DDL = ("CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube; "
       "CREATE TYPE mood AS ENUM ('sad', 'ha ppy', ''); CREATE DOMAIN positive AS int CHECK (VALUE > 0); "
       "CREATE TYPE pair AS (a int, b text); CREATE TYPE mood_range AS RANGE (subtype = mood); ")

NAMES = {type_name: f"text_{number}" for number, type_name in enumerate(TYPES)}


def insert(type_name, offset):
    rows = ", ".join(f"({offset + i}, CAST({value} AS {type_name}), {i})" for i, value in enumerate([*TYPES[type_name], "NULL"]))
    return f"INSERT INTO {NAMES[type_name]} VALUES {rows}"


def check(origin, mirror, step):
    wrong = []
    for type_name, name in NAMES.items():
        # format() calls the output function, which a cast to text does not for every type.
        expected = (f"SELECT k, CASE WHEN v IS DISTINCT FROM NULL THEN format('%s', v) END, n FROM public.{name}")
        try:
            compare.eventually_equal(origin, mirror, expected, f"SELECT k, v, n FROM {name}", timeout=10)
        except AssertionError as error:
            wrong.append(f"{step}, {type_name}: {error}")
    assert not wrong, "\n".join(wrong)


def play(case, identity, **options):
    upstream = case.postgres(**options)
    tables = "".join(f"CREATE TABLE {name} (k int PRIMARY KEY, v {type_name}, n int); " for type_name, name in NAMES.items())
    source.prepare_upstream(upstream, list(NAMES.values()), ddl=DDL + tables)
    for type_name, name in NAMES.items():
        upstream.run(f"ALTER TABLE {name} REPLICA IDENTITY {identity}; " + insert(type_name, 0), database="shop")
    server = case.tailrace()
    source.follow(server, upstream, options=f", TEXT COLUMNS ({', '.join(f'{name}.v' for name in NAMES.values())})")
    origin, mirror = case.shop(upstream), case.session(server)
    with origin.cursor() as cursor:
        cursor.execute("SET DateStyle = ISO; SET IntervalStyle = postgres; SET TimeZone = UTC; SET extra_float_digits = 3; "
                       "SET bytea_output = hex; SET search_path = ''")
    check(origin, mirror, "snapshot")
    for type_name, name in NAMES.items():
        upstream.run(insert(type_name, 100), database="shop")
        upstream.run(f"UPDATE {name} SET n = n + 50 WHERE k % 2 = 0; UPDATE {name} SET k = k + 1000 WHERE k % 100 = 1; "
                     f"UPDATE {name} SET v = NULL WHERE k = 102; UPDATE {name} SET v = (SELECT v FROM {name} WHERE k = 0) WHERE k = 2",
                     database="shop")
    check(origin, mirror, "stream")
    for name in NAMES.values():
        upstream.run(f"DELETE FROM {name} WHERE k < 1000", database="shop")
    check(origin, mirror, "deletion")
    for name in NAMES.values():
        assert source.status(server, name) == ("running", None)
    for column in server.run("SELECT DISTINCT c.type FROM mz_columns c JOIN mz_sources s ON s.id = c.id WHERE c.name = 'v'"):
        assert column == ("text",)


@limit(240)
def test_every_type_with_old_rows(case):
    play(case, "FULL")


@limit(240)
def test_every_type_by_key(case):
    play(case, "DEFAULT")


def test_text_keys_of_types_without_one_here(case):
    """Rows are found again by keys that are known as text only."""
    keys = {"inet": ["'10.0.0.1'", "'10.0.0.0/8'"], "mood": ["'sad'", "'ha ppy'"], "positive": ["1", "2"], "bit(3)": ["B'101'", "B'000'"],
            "numeric": ["1e-60", "1e60"], "timestamptz": ["'infinity'", "'2024-01-01 12:00:00+02'"], "citext": ["'AbC'", "'d'"],
            "money": ["1.5", "-2"]}
    tables = {f"key_{number}": type_name for number, type_name in enumerate(keys)}
    ddl = DDL + "".join(f"CREATE TABLE {name} (k {type_name} PRIMARY KEY, n int); " for name, type_name in tables.items())
    upstream = case.postgres()
    source.prepare_upstream(upstream, list(tables), ddl=ddl)
    for name, type_name in tables.items():
        first, second = (f"CAST({value} AS {type_name})" for value in keys[type_name])
        upstream.run(f"ALTER TABLE {name} REPLICA IDENTITY DEFAULT; INSERT INTO {name} VALUES ({first}, 1)", database="shop")
    server = case.tailrace()
    source.follow(server, upstream, options=f", TEXT COLUMNS ({', '.join(f'{name}.k' for name in tables)})")
    for name, type_name in tables.items():
        first, second = (f"CAST({value} AS {type_name})" for value in keys[type_name])
        upstream.run(f"UPDATE {name} SET n = 2; INSERT INTO {name} VALUES ({second}, 3)", database="shop")
        upstream.run(f"UPDATE {name} SET n = 4 WHERE n = 3; DELETE FROM {name} WHERE k = {first}", database="shop")
    origin = case.shop(upstream)
    with origin.cursor() as cursor:
        cursor.execute("SET TimeZone = UTC; SET search_path = ''")
    for name in tables:
        compare.eventually_equal(origin, case.session(server), f"SELECT format('%s', k), n FROM public.{name}", f"SELECT k, n FROM {name}")
        assert source.status(server, name) == ("running", None)
