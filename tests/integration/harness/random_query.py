"""Random queries that mean the same to PostgreSQL and to Tailrace, from a seed.

Left out on purpose: what the two define differently (scales of avg, texts of floats, order by locale), errors that
depend on the order of evaluation (division by what may be zero, overflow), and results that are any of several.
"""

import random

TABLES = {
    "t": [("a", "int"), ("b", "int"), ("c", "text"), ("d", "numeric"), ("e", "timestamp"), ("f", "bool")],
    "u": [("a", "int"), ("k", "bigint"), ("c", "text"), ("d", "numeric"), ("g", "date")],
    "v": [("b", "int"), ("x", "int"), ("c", "text")],
}
DDL = ["CREATE TABLE t (a int, b int, c text, d numeric(8, 2), e timestamp, f bool)",
       "CREATE TABLE u (a int, k bigint, c text, d numeric(8, 2), g date)",
       "CREATE TABLE v (b int, x int NOT NULL, c text)"]

WORDS = ["'a'", "'b'", "'ab'", "'abc'", "''", "'B'", "'zz'", "'a%'", "'1'"]
DATES = ["2020-02-29", "2021-01-01", "2019-12-31", "2020-03-01"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0

    # Small choices.

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def pick(self, choices):
        return self.random.choice(choices)

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def literal(self, kind):
        if self.chance(8):
            return f"NULL::{kind}"
        if kind in ("int", "bigint"):
            return f"({self.random.randrange(-3, 8)})::{kind}"
        if kind == "numeric":
            return f"({self.pick(['0', '1.5', '-2.25', '10', '0.01', '3.00'])})::numeric"
        if kind == "text":
            return self.pick(WORDS) + "::text"
        if kind == "bool":
            return self.pick(["true", "false"])
        if kind == "date":
            return f"date '{self.pick(DATES)}'"
        return f"timestamp '{self.pick(DATES)} {self.pick(['00:00:00', '12:30:15.5'])}'"

    # Expressions over the columns in scope: a list of (text, kind).

    def expression(self, kind, scope, depth=2):
        columns = [text for text, column_kind in scope if column_kind == kind]
        if depth <= 0 or self.chance(35):
            return self.pick(columns) if columns and self.chance(80) else self.literal(kind)
        one = self.compound(kind, scope, depth - 1)
        if self.chance(12):
            condition = self.condition(scope, depth - 1)
            return f"CASE WHEN {condition} THEN {one} ELSE {self.expression(kind, scope, depth - 1)} END"
        if self.chance(12):
            return f"COALESCE({one}, {self.expression(kind, scope, depth - 1)})"
        if self.chance(6):
            return f"NULLIF({one}, {self.expression(kind, scope, depth - 1)})"
        return one

    def compound(self, kind, scope, depth):
        def of(other):
            return self.expression(other, scope, depth)

        if kind == "int":
            return self.pick([
                lambda: f"({of('int')} + {of('int')})", lambda: f"({of('int')} - {of('int')})",
                lambda: f"({of('int')} * 2)", lambda: f"abs({of('int')})", lambda: f"length({of('text')})",
                lambda: f"({of('int')} % 3)", lambda: f"({of('int')} / 2)", lambda: f"(- {of('int')})",
                lambda: f"position({of('text')} in {of('text')})", lambda: f"({of('date')} - {of('date')})",
                lambda: f"greatest({of('int')}, {of('int')})", lambda: f"least({of('int')}, {of('int')})",
            ])()
        if kind == "bigint":
            return self.pick([
                lambda: f"({of('bigint')} + {of('int')})", lambda: f"({of('int')}::bigint * {of('int')})",
                lambda: f"{of('int')}::bigint", lambda: f"abs({of('bigint')})",
            ])()
        if kind == "numeric":
            return self.pick([
                lambda: f"({of('numeric')} + {of('int')})", lambda: f"({of('numeric')} - {of('numeric')})",
                lambda: f"({of('numeric')} * {of('int')})", lambda: f"round({of('numeric')}, 1)",
                lambda: f"abs({of('numeric')})", lambda: f"floor({of('numeric')})", lambda: f"ceil({of('numeric')})",
                lambda: f"trunc({of('numeric')})", lambda: f"{of('int')}::numeric",
            ])()
        if kind == "text":
            return self.pick([
                lambda: f"({of('text')} || {of('text')})", lambda: f"upper({of('text')})",
                lambda: f"lower({of('text')})", lambda: f"substring({of('text')}, {self.random.randrange(1, 4)})",
                lambda: f"left({of('text')}, 2)", lambda: f"right({of('text')}, 1)",
                lambda: f"replace({of('text')}, 'a', 'q')", lambda: f"trim({of('text')})",
                lambda: f"{of('int')}::text", lambda: f"lpad({of('text')}, 4, '*')",
                lambda: f"({of('bool')})::text", lambda: f"split_part({of('text')}, 'b', 1)",
                lambda: f"concat({of('text')}, {of('int')})", lambda: f"{of('date')}::text",
            ])()
        if kind == "date":
            return self.pick([lambda: f"({of('timestamp')})::date", lambda: of("date")])()
        if kind == "timestamp":
            return self.pick([
                lambda: f"({of('timestamp')} + interval '1 day')",
                lambda: f"({of('timestamp')} - interval '1 month 2 hours')",
                lambda: f"date_trunc('{self.pick(['day', 'month', 'hour', 'year', 'week'])}', {of('timestamp')})",
                lambda: f"({of('date')})::timestamp",
            ])()
        return self.condition(scope, depth)

    def condition(self, scope, depth=2):
        if depth <= 0 or self.chance(40):
            kind = self.pick(["int", "text", "numeric", "int", "date", "timestamp", "bigint"])
            operator = self.pick(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"])
            return (f"({self.expression(kind, scope, depth - 1)} {operator} "
                    f"{self.expression(kind, scope, depth - 1)})")
        kind = self.pick(["int", "text", "numeric"])
        one = self.expression(kind, scope, depth - 1)
        return self.pick([
            lambda: f"({self.condition(scope, depth - 1)} AND {self.condition(scope, depth - 1)})",
            lambda: f"({self.condition(scope, depth - 1)} OR {self.condition(scope, depth - 1)})",
            lambda: f"(NOT {self.condition(scope, depth - 1)})",
            lambda: f"({one} IS {self.pick(['', 'NOT '])}NULL)",
            lambda: f"({one} {self.pick(['', 'NOT '])}IN ({', '.join(self.literal(kind) for _ in range(3))}))",
            lambda: f"({one} {self.pick(['', 'NOT '])}BETWEEN {self.literal(kind)} AND {self.literal(kind)})",
            lambda: f"({self.expression('text', scope, depth - 1)} {self.pick(['LIKE', 'NOT LIKE', 'ILIKE'])} "
                    f"{self.pick(WORDS + [chr(39) + '%b%' + chr(39), chr(39) + '_' + chr(39)])})",
            lambda: f"({self.expression('bool', scope, 0)} IS {self.pick(['TRUE', 'NOT TRUE', 'FALSE', 'UNKNOWN'])})",
            lambda: self.subquery_condition(scope, depth - 1),
        ])()

    def subquery_condition(self, scope, depth):
        kind = self.pick(["int", "text"])
        inner, inner_scope = self.source(1)
        visible = inner_scope + scope if self.chance(60) else inner_scope
        where = f" WHERE {self.condition(visible, min(depth, 1))}" if self.chance(75) else ""
        one = self.expression(kind, scope, 1)
        what = self.expression(kind, inner_scope, 1)
        return self.pick([
            lambda: f"({self.pick(['', 'NOT '])}EXISTS (SELECT 1 FROM {inner}{where}))",
            lambda: f"({one} {self.pick(['', 'NOT '])}IN (SELECT {what} FROM {inner}{where}))",
            lambda: f"({one} {self.pick(['=', '<', '>='])} {self.pick(['ANY', 'ALL'])} "
                    f"(SELECT {what} FROM {inner}{where}))",
            lambda: f"({self.expression('int', scope, 0)} {self.pick(['=', '<', '>'])} "
                    f"(SELECT {self.pick(['max', 'min', 'sum'])}({self.expression('int', inner_scope, 0)}) "
                    f"FROM {inner}{where}))",
        ])()

    # FROM: a text and what it brings into scope.

    def source(self, depth):
        if depth <= 0 or self.chance(55):
            return self.relation(depth)
        left, left_scope = self.source(depth - 1)
        right, right_scope = self.relation(depth - 1)
        both = left_scope + right_scope
        kind = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"])
        if kind == "CROSS JOIN":
            return f"{left} CROSS JOIN {right}", both
        pairs = [(l, r) for l, lk in left_scope for r, rk in right_scope if lk == rk and lk in ("int", "text")]
        if not pairs:
            return f"{left} CROSS JOIN {right}", both
        on = " = ".join(self.pick(pairs))
        # A full join needs a condition of equalities in PostgreSQL.
        if kind != "FULL JOIN" and self.chance(30):
            on += f" AND {self.condition(both, 1)}"
        return f"{left} {kind} {right} ON {on}", both

    def relation(self, depth):
        alias = self.name("r")
        if depth > 0 and self.chance(25):
            query, columns = self.query(depth - 1)
            return f"({query}) AS {alias}", [(f"{alias}.{column}", kind) for column, kind in columns]
        table = self.pick(list(TABLES))
        return f"{table} AS {alias}", [(f"{alias}.{column}", kind) for column, kind in TABLES[table]]

    # Queries, with the names and kinds of their columns.

    def query(self, depth=2):
        if depth > 0 and self.chance(18):
            return self.set_operation(depth)
        if depth > 0 and self.chance(8):
            return self.with_query(depth)
        kind = self.pick(["plain", "plain", "grouped", "grouped", "global", "distinct", "window", "limited", "lateral"])
        return getattr(self, kind + "_query")(depth)

    def select_list(self, scope, kinds=None, depth=2):
        kinds = kinds or [self.pick(["int", "text", "numeric", "bool", "timestamp", "date", "bigint", "int"])
                          for _ in range(self.random.randrange(1, 4))]
        columns = [(self.name("c"), kind) for kind in kinds]
        texts = [f"{self.expression(kind, scope, depth)} AS {name}" for name, kind in columns]
        return ", ".join(texts), columns

    def where(self, scope):
        return f" WHERE {self.condition(scope)}" if self.chance(60) else ""

    def plain_query(self, depth, kinds=None):
        source, scope = self.source(depth)
        texts, columns = self.select_list(scope, kinds)
        return f"SELECT {texts} FROM {source}{self.where(scope)}", columns

    def distinct_query(self, depth):
        source, scope = self.source(depth)
        texts, columns = self.select_list(scope)
        return f"SELECT DISTINCT {texts} FROM {source}{self.where(scope)}", columns

    def aggregate(self, scope):
        distinct = self.pick(["", "", "", "DISTINCT "])
        text, kind = self.pick([
            lambda: ("count(*)", "bigint"),
            lambda: (f"count({distinct}{self.expression('text', scope, 1)})", "bigint"),
            lambda: (f"sum({distinct}{self.expression('int', scope, 1)})", "bigint"),
            lambda: (f"sum({distinct}{self.expression('numeric', scope, 1)})", "numeric"),
            lambda: (f"min({self.expression('text', scope, 1)} COLLATE \"C\")", "text"),
            lambda: (f"max({self.expression('int', scope, 1)})", "int"),
            lambda: (f"min({self.expression('timestamp', scope, 1)})", "timestamp"),
            lambda: (f"max({self.expression('date', scope, 1)})", "date"),
            lambda: (f"min({self.expression('numeric', scope, 1)})", "numeric"),
            lambda: (f"round(avg({distinct}{self.expression('int', scope, 1)}), 3)", "numeric"),
            lambda: (f"bool_and({self.condition(scope, 1)})", "bool"),
            lambda: (f"bool_or({self.condition(scope, 1)})", "bool"),
            lambda: (self.ordered_aggregate(scope), "text"),
        ])()
        text = text.replace(' COLLATE "C"', "")
        if text.endswith(")") and not text.startswith("round") and self.chance(15):
            text += f" FILTER (WHERE {self.condition(scope, 1)})"
        return text, kind

    def ordered_aggregate(self, scope):
        what = self.expression("text", scope, 1)
        if self.chance(50):
            return f"string_agg({what}, ',' ORDER BY {what})"
        number = self.expression("int", scope, 1)
        return f"array_agg({number} ORDER BY {number} {self.pick(['ASC', 'DESC', 'NULLS FIRST'])})::text"

    def grouped_query(self, depth):
        source, scope = self.source(depth)
        keys = [(self.expression(kind, scope, 1), kind)
                for kind in self.random.sample(["int", "text", "bool", "date", "numeric"], self.random.randrange(1, 3))]
        # A bare constant is refused by PostgreSQL.
        keys = [(f"(NOT {text})" if text in ("true", "false") else f"({text})", kind) for text, kind in keys]
        columns = [(self.name("c"), kind) for _, kind in keys]
        texts = [f"{text} AS {name}" for (text, _), (name, _) in zip(keys, columns)]
        aggregates = [self.aggregate(scope) for _ in range(self.random.randrange(1, 3))]
        for text, kind in aggregates:
            columns.append((self.name("c"), kind))
            texts.append(f"{text} AS {columns[-1][0]}")
        having = ""
        if self.chance(30):
            having = f" HAVING count(*) {self.pick(['>', '<', '='])} {self.random.randrange(1, 4)}"
        by = ", ".join(text for text, _ in keys)
        return f"SELECT {', '.join(texts)} FROM {source}{self.where(scope)} GROUP BY {by}{having}", columns

    def global_query(self, depth):
        source, scope = self.source(depth)
        aggregates = [self.aggregate(scope) for _ in range(self.random.randrange(1, 4))]
        columns = [(self.name("c"), kind) for _, kind in aggregates]
        texts = [f"{text} AS {name}" for (text, _), (name, _) in zip(aggregates, columns)]
        return f"SELECT {', '.join(texts)} FROM {source}{self.where(scope)}", columns

    def window_query(self, depth):
        source, scope = self.source(min(depth, 1))
        inner, columns = self.select_list(scope, ["int", "text", "int"], 1)
        first, second, third = (name for name, _ in columns)
        part = self.pick(["", f"PARTITION BY {second} ", f"PARTITION BY {first} "])
        order = f"ORDER BY {first}, {second} NULLS FIRST, {third} DESC"
        function = self.pick([
            f"rank() OVER ({part}ORDER BY {first})", f"dense_rank() OVER ({part}ORDER BY {third} DESC)",
            f"row_number() OVER ({part}{order})", f"sum({third}) OVER ({part}ORDER BY {first})",
            f"count(*) OVER ({part})", f"max({third}) OVER ({part}{order} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
            f"lag({third}) OVER ({part}{order})", f"lead({first}, 2) OVER ({part}{order})",
            f"first_value({third}) OVER ({part}{order})", f"last_value({first}) OVER ({part}{order})",
        ])
        name = self.name("w")
        query = (f"SELECT {first}, {second}, {third}, {function} AS {name} FROM "
                 f"(SELECT {inner} FROM {source}{self.where(scope)}) AS {self.name('r')}")
        return query, columns + [(name, "bigint" if "sum" in function or "count" in function or "rank" in function
                                  or "row_number" in function else "int")]

    def limited_query(self, depth):
        source, scope = self.source(depth)
        texts, columns = self.select_list(scope)
        order = ", ".join(f"{number} {self.pick(['ASC', 'DESC', 'ASC NULLS FIRST', 'DESC NULLS LAST'])}"
                          for number in range(1, len(columns) + 1))
        limit = self.pick([f" LIMIT {self.random.randrange(0, 6)}", f" OFFSET {self.random.randrange(0, 4)}",
                           f" LIMIT {self.random.randrange(1, 6)} OFFSET {self.random.randrange(0, 3)}"])
        return f"SELECT {texts} FROM {source}{self.where(scope)} ORDER BY {order}{limit}", columns

    def lateral_query(self, depth):
        source, scope = self.source(min(depth, 1))
        inner, inner_scope = self.relation(0)
        visible = inner_scope + scope
        texts, columns = self.select_list(visible, ["int", "text"], 1)
        order = "1, 2"
        limit = f" ORDER BY {order} LIMIT 2" if self.chance(50) else ""
        alias = self.name("r")
        outer = [text for text, kind in scope if kind == "int"]
        first = self.pick(outer) if outer else "1"
        name = self.name("c")
        join = self.pick(["CROSS JOIN LATERAL", "LEFT JOIN LATERAL"])
        on = " ON true" if join.startswith("LEFT") else ""
        query = (f"SELECT {first} AS {name}, {alias}.{columns[0][0]}, {alias}.{columns[1][0]} FROM {source} {join} "
                 f"(SELECT {texts} FROM {inner} WHERE {self.condition(visible, 1)}{limit}) AS {alias}{on}")
        return query, [(name, "int")] + columns

    def set_operation(self, depth):
        kinds = [self.pick(["int", "text", "numeric", "bool"]) for _ in range(self.random.randrange(1, 3))]
        left, columns = self.plain_query(depth - 1, kinds)
        right, _ = self.plain_query(depth - 1, kinds)
        operator = self.pick(["UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"])
        return f"({left}) {operator} ({right})", columns

    def with_query(self, depth):
        inner, columns = self.query(depth - 1)
        name = self.name("q")
        one, other = self.name("r"), self.name("r")
        scope = [(f"{one}.{column}", kind) for column, kind in columns]
        texts, selected = self.select_list(scope, depth=1)
        if self.chance(50):
            source = f"{name} AS {one}"
        else:
            column = columns[0][0]
            source = f"{name} AS {one} JOIN {name} AS {other} ON {one}.{column} = {other}.{column}"
        return f"WITH {name} AS ({inner}) SELECT {texts} FROM {source}", selected

    # Changes of the tables.

    def row(self, table):
        values = [self.literal(kind) for _, kind in TABLES[table]]
        if table == "v" and values[1].startswith("NULL"):
            values[1] = "0"
        return f"({', '.join(values)})"

    def change(self):
        table = self.pick(list(TABLES))
        alone = [(column, kind) for column, kind in TABLES[table]]
        if self.chance(50):
            rows = ", ".join(self.row(table) for _ in range(self.random.randrange(1, 5)))
            return f"INSERT INTO {table} VALUES {rows}"
        condition = f"{self.pick(['a', 'd']) if table != 'v' else self.pick(['b', 'x'])} = {self.random.randrange(-3, 8)}"
        if self.chance(50):
            return f"DELETE FROM {table} WHERE {condition}"
        column, kind = self.pick([each for each in alone if each[0] != "x"])
        return f"UPDATE {table} SET {column} = {self.literal(kind)} WHERE {condition}"
