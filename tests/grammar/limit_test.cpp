// Long statements are fine; deep ones are refused before they can hurt.
#include <doctest/doctest.h>

#include <string>

#include "grammar/parser.hpp"
#include "grammar/printer.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar {

namespace {

std::string repeated(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  return repeated(depth, open) + std::string(inner) + repeated(depth, close);
}

std::string round_trip(const std::string& sql) {
  const std::string once = print(parse_statement(sql));
  CHECK(print(parse_statement(once)) == once);
  return once;
}

std::string message_of(const std::string& sql) {
  try {
    parse_statements(sql);
  } catch (const SqlError& error) {
    return error.message();
  }
  return "none";
}

}  // namespace

TEST_CASE("long chains and lists") {
  CHECK(round_trip("SELECT a" + repeated(10'000, " + a")).size() == 40'008);
  CHECK(round_trip("SELECT a" + repeated(10'000, " || b = a")).size() == 90'008);
  round_trip("SELECT 1 WHERE a" + repeated(10'000, " OR a"));
  round_trip("SELECT 1 WHERE a IN (1" + repeated(10'000, ", 2") + ")");
  round_trip("INSERT INTO t VALUES (1, 'x')" + repeated(10'000, ", (1, 'x')"));
  round_trip("SELECT 1" + repeated(5'000, " UNION SELECT 1"));
  round_trip("SELECT 1 FROM a" + repeated(1'000, " JOIN b ON x = y"));
}

TEST_CASE("brackets nest 128 levels and no further") {
  round_trip("SELECT " + nested(128, "(", "1", ")"));
  round_trip("SELECT " + nested(128, "f(", "1", ")"));
  round_trip(nested(128, "(", "SELECT 1", ")"));
  round_trip("SELECT " + nested(120, "(SELECT ", "1", ")"));
  round_trip("SELECT " + nested(100, "(a OR b = c AND NOT d + ", "1", ")"));
  const std::string limit = "statement exceeds nested expression limit of 128";
  CHECK(message_of("SELECT " + nested(129, "(", "1", ")")) == limit);
  CHECK(message_of("SELECT " + nested(100'000, "(", "1", ")")) == limit);
  CHECK(message_of("SELECT ARRAY" + nested(129, "[", "1", "]")) == limit);
}

TEST_CASE("nothing else nests without a limit") {
  const std::string limit = "statement exceeds nested expression limit of 128";
  CHECK(message_of("SELECT " + repeated(1'000, "NOT ") + "a") == limit);
  CHECK(message_of("SELECT " + repeated(1'000, "NOT a = ") + "a") == limit);
  CHECK(message_of("SELECT " + repeated(1'000, "- ") + "a") == limit);
  CHECK(message_of("SELECT " + nested(1'000, "CASE WHEN ", "1", " THEN 1 END")) == limit);
  CHECK(message_of("SELECT a" + repeated(1'000, " IS NULL")) == limit);
  CHECK(message_of("SELECT a" + repeated(1'000, "::int")) == limit);
  CHECK(message_of("SELECT (a)" + repeated(1'000, ".b")) == limit);
  CHECK(message_of("SELECT a" + repeated(1'000, "[1].b")) == limit);
  // Where ANTLR looks ahead through the inner query to tell a query from an expression.
  CHECK(message_of("SELECT ((SELECT " + repeated(10'000, "NOT ") + "a) + 1)") == limit);
  CHECK(message_of("SELECT ((SELECT " + nested(1'000, "CASE WHEN ", "1", " THEN 1 END") +
                   ") + 1)") == limit);
  round_trip("SELECT 1" + repeated(1'000, " + -1"));
  round_trip("SELECT a WHERE NOT a" + repeated(1'000, " AND NOT b"));
  round_trip("SELECT 1" + repeated(1'000, ", a NOT IN (1)"));
  CHECK(message_of(repeated(1'000, "PREPARE a AS ") + "SELECT 1") != "none");
  CHECK(message_of("SELECT a::int" + repeated(1'000, " list")) == limit);
  CHECK(message_of(nested(20'000, "/*", " ", "*/") + "SELECT 1") == "none");
}

}  // namespace tailrace::grammar
