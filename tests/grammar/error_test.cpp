// errors.txt: what cannot be read, and what is said about it.
#include <doctest/doctest.h>

#include "grammar/parser.hpp"
#include "repr/error.hpp"
#include "tests/grammar/case_file.hpp"

namespace tailrace::grammar {

TEST_CASE("errors have a code, a position and a message") {
  for (const Case& c : read_cases(TAILRACE_GRAMMAR_TESTS "/errors.txt")) {
    CAPTURE(c.line);
    CAPTURE(c.sql);
    std::string outcome = "none";
    try {
      parse_statements(c.sql);
    } catch (const SqlError& error) {
      outcome = std::string(error.state().view()) + " " + std::to_string(error.position()) + " " +
                error.message();
    }
    CHECK(outcome == c.outcome);
  }
}

TEST_CASE("text that is not UTF-8, or has a NUL, is refused") {
  auto state_of = [](std::string sql) {
    try {
      parse_statements(sql);
    } catch (const SqlError& error) {
      return std::string(error.state().view());
    }
    return std::string("none");
  };
  CHECK(state_of("SELECT '\xff'") == "22021");
  CHECK(state_of("SELECT '\xc3'") == "22021");
  CHECK(state_of("SELECT '\xed\xa0\x80'") == "22021");
  CHECK(state_of(std::string("SELECT '\0'", 10)) == "22021");
  CHECK(state_of("SELECT '" + std::string(1'000'000, 'x') + "'") == "54000");
}

}  // namespace tailrace::grammar
