// Every rule of the grammar: statements.txt has what is parsed, and what is printed.
#include <doctest/doctest.h>

#include <set>

#include "grammar/parser.hpp"
#include "grammar/printer.hpp"
#include "tests/grammar/case_file.hpp"

namespace tailrace::grammar {

TEST_CASE("statements print as normalised SQL, which reads back as the same statement") {
  for (const Case& c : read_cases(TAILRACE_GRAMMAR_TESTS "/statements.txt")) {
    CAPTURE(c.line);
    CAPTURE(c.sql);
    std::string printed;
    REQUIRE_NOTHROW(printed = print(parse_statement(c.sql)));
    CHECK(printed == (c.outcome.empty() ? c.sql : c.outcome));
    std::string again;
    REQUIRE_NOTHROW(again = print(parse_statement(printed)));
    CHECK(again == printed);
  }
}

TEST_CASE("statements.txt has every kind of statement") {
  std::set<std::size_t> kinds;
  for (const Case& c : read_cases(TAILRACE_GRAMMAR_TESTS "/statements.txt"))
    kinds.insert(parse_statement(c.sql).node.index());
  CHECK(kinds.size() == std::variant_size_v<decltype(ast::Statement::node)>);
}

TEST_CASE("each statement of a text comes with its own text") {
  const auto list = parse_statements(" ; SELECT 1 /* a */ ; -- b\n  sElEcT 'ä;' ;; BEGIN");
  REQUIRE(list.size() == 3);
  CHECK(list[0].text == "SELECT 1");
  CHECK(list[1].text == "sElEcT 'ä;'");
  CHECK(list[2].text == "BEGIN");
  CHECK(parse_statements("").empty());
  CHECK(parse_statements(" ; -- nothing").empty());
}

TEST_CASE("redaction leaves names and structure") {
  const auto statement = parse_statement(
      "CREATE CONNECTION c TO POSTGRES (HOST 'h', PORT 5, DATABASE d, PASSWORD SECRET s)");
  CHECK(print(statement, {.redacted = true}) ==
        "CREATE CONNECTION c TO POSTGRES (HOST = '<REDACTED>', PORT = '<REDACTED>', DATABASE = d, "
        "PASSWORD = SECRET s)");
  CHECK(print(parse_expression("a + 1 > length('x') AND b"), {.redacted = true}) ==
        "a + '<REDACTED>' > length('<REDACTED>') AND b");
}

TEST_CASE("types and names parse alone") {
  CHECK(print(parse_type("  double precision[] list ")) == "float8[] list");
  CHECK(print(parse_name("A.\"B\".c")) == "a.\"B\".c");
  CHECK_THROWS(parse_type("int int"));
  CHECK_THROWS(parse_name("a.b.c.d"));
  CHECK_THROWS(parse_statement("SELECT 1; SELECT 2"));
}

TEST_CASE("any word is a name in quotes, and reserved words are quoted") {
  for (const char* word :
       {"select", "from", "all", "inner", "table", "case", "with", "map", "as", "set", "values",
        "constraint", "interval", "list", "collate", "of", "using"}) {
    CAPTURE(word);
    const std::string quoted = quoted_identifier(word);
    CHECK(quoted == '"' + std::string(word) + '"');
    const std::string sql = "SELECT " + quoted + ", t." + quoted + ", " + quoted + "(1), " +
                            quoted + "[1] AS " + quoted + " FROM " + quoted + " AS " + quoted;
    CHECK(print(parse_statement(sql)) == sql);
  }
  CHECK(quoted_identifier("day") == "day");
  CHECK(quoted_identifier("größe") == "größe");
  CHECK(quoted_identifier("A") == "\"A\"");
  CHECK(quoted_identifier("1a") == "\"1a\"");
  CHECK(quoted_identifier("a\"b") == "\"a\"\"b\"");
}

}  // namespace tailrace::grammar
