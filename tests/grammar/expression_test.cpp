// How operators bind: each expression with the parentheses that it means.
#include <doctest/doctest.h>

#include <variant>

#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::grammar {

namespace {

// The tree of `sql` is that of `meaning`, in which parentheses leave no doubt.
void check_means(const char* sql, const char* meaning) {
  CAPTURE(sql);
  CHECK(print(parse_expression(sql)) == print(parse_expression(meaning)));
}

}  // namespace

TEST_CASE("operators bind as the reference says") {
  check_means("a OR b AND NOT c", "a OR (b AND (NOT c))");
  check_means("NOT a = b IS NULL", "NOT ((a = b) IS NULL)");
  check_means("a = b IS NULL", "(a = b) IS NULL");
  check_means("a IS DISTINCT FROM b IS NULL", "(a IS DISTINCT FROM b) IS NULL");
  check_means("a IS NULL IS DISTINCT FROM b", "(a IS NULL) IS DISTINCT FROM b");
  check_means("a < b LIKE c", "a < (b LIKE c)");
  check_means("a LIKE b || c", "a LIKE (b || c)");
  check_means("a = b BETWEEN c AND d AND e", "(a = (b BETWEEN c AND d)) AND e");
  check_means("a IN (1) = b", "(a IN (1)) = b");
  check_means("a || b + c", "a || (b + c)");
  check_means("a -> b = c", "(a -> b) = c");
  check_means("a + b * c % d", "a + ((b * c) % d)");
  check_means("a - b - c", "(a - b) - c");
  check_means("a = b = c", "(a = b) = c");
  check_means("a * b AT TIME ZONE c", "a * (b AT TIME ZONE c)");
  check_means("-a AT TIME ZONE b", "(-a) AT TIME ZONE b");
  check_means("-a::int", "-(a::int)");
  check_means("- a * b", "(-a) * b");
  check_means("~ a || b", "(~ a) || b");
  check_means("~ a + b", "~ (a + b)");
  check_means("a::int[1]", "(a)::int[]");
  check_means("a[1]::int", "(a[1])::int");
  check_means("a OPERATOR(pg_catalog.+) b * c", "a OPERATOR(pg_catalog.+) (b * c)");
  check_means("a = b = ANY (c)", "(a = b) = ANY (c)");
  check_means("a + b > ALL (c)", "(a + b) > ALL (c)");
  check_means("NOT a IN (1)", "NOT (a IN (1))");
  check_means("a NOT LIKE b AND c", "(a NOT LIKE b) AND c");
}

TEST_CASE("a minus before a number belongs to it") {
  const auto cast = parse_expression("-2::int");
  const auto& number = std::get<ast::NumberLiteral>(std::get<ast::Cast>(cast.node).operand->node);
  CHECK(number.text == "-2");
  CHECK(std::holds_alternative<ast::NumberLiteral>(parse_expression("- 9223372036854775808").node));
  CHECK(std::holds_alternative<ast::Unary>(parse_expression("-(2)").node));
  CHECK(std::holds_alternative<ast::Binary>(parse_expression("1 -2").node));
}

TEST_CASE("AND and OR are flat, other chains nest to the left") {
  CHECK(std::get<ast::And>(parse_expression("a AND b AND c AND d").node).operands.size() == 4);
  CHECK(std::get<ast::Or>(parse_expression("a OR b OR c").node).operands.size() == 3);
  const auto sum = parse_expression("a + b + c");
  CHECK(std::holds_alternative<ast::Binary>(std::get<ast::Binary>(sum.node).left->node));
}

TEST_CASE("positions count characters, from 1") {
  const auto call = parse_expression("'ää' || f(größe)");
  const auto& binary = std::get<ast::Binary>(call.node);
  CHECK(call.position == 1);
  CHECK(binary.name.position == 6);
  CHECK(binary.right->position == 9);
  CHECK(std::get<ast::FunctionCall>(binary.right->node).arguments[0].position == 11);
}

TEST_CASE("strings") {
  auto value = [](const char* sql) {
    return std::get<ast::StringLiteral>(parse_expression(sql).node).value;
  };
  CHECK(value("'it''s \\n'") == "it's \\n");
  CHECK(value("'a'\n  'b'") == "ab");
  CHECK(value(R"(E'\b\f\n\r\t\\\'''\q')") == "\b\f\n\r\t\\''q");
  CHECK(value(R"(E'\u00e9\U0001F600')") == "é😀");
  CHECK(value("$$a'$b$$") == "a'$b");
  CHECK(value("$x$ $$ $X$ $x$") == " $$ $X$ ");
  CHECK(value("''") == "");
  CHECK_THROWS(parse_expression("'a' 'b'"));
}

}  // namespace tailrace::grammar
