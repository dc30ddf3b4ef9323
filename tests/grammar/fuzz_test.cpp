// Random text, from fixed seeds: never a crash, and whatever parses prints as what reads back the
// same.
#include <doctest/doctest.h>

#include <chrono>
#include <random>

#include "grammar/parser.hpp"
#include "grammar/printer.hpp"
#include "repr/error.hpp"
#include "tests/grammar/case_file.hpp"

namespace tailrace::grammar {

namespace {

constexpr auto time_max = std::chrono::milliseconds(1500);  // of each test

void check_survives(const std::string& sql) {
  CAPTURE(sql);
  std::vector<ParsedStatement> list;
  try {
    list = parse_statements(sql);
  } catch (const SqlError&) {
    return;
  }
  for (const ParsedStatement& statement : list) {
    const std::string printed = print(statement.statement);
    CAPTURE(printed);
    std::string again;
    REQUIRE_NOTHROW(again = print(parse_statement(printed)));
    CHECK(again == printed);
  }
}

// The text in pieces: words, numbers, strings, single signs.
std::vector<std::string> pieces(const std::string& sql) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < sql.size();) {
    std::size_t end = i + 1;
    if (sql[i] == '\'' || sql[i] == '"')
      end = std::min(sql.find(sql[i], end), sql.size() - 1) + 1;
    else if (std::isalnum(static_cast<unsigned char>(sql[i])))
      while (end < sql.size() &&
             (std::isalnum(static_cast<unsigned char>(sql[end])) || sql[end] == '_'))
        ++end;
    if (sql[i] != ' ') out.push_back(sql.substr(i, end - i));
    i = end;
  }
  return out;
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  const std::string& of(const std::vector<std::string>& list) { return list[below(list.size())]; }

 private:
  std::mt19937 engine_;
};

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& piece : list) out += piece + " ";
  return out;
}

bool until(std::chrono::steady_clock::time_point start) {
  return std::chrono::steady_clock::now() - start < time_max;
}

}  // namespace

TEST_CASE("statements with pieces lost, doubled, swapped and exchanged") {
  std::vector<std::vector<std::string>> statements;
  std::vector<std::string> all;
  for (const Case& c : read_cases(TAILRACE_GRAMMAR_TESTS "/statements.txt")) {
    statements.push_back(pieces(c.sql));
    all.insert(all.end(), statements.back().begin(), statements.back().end());
  }
  Random random(1);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20'000 && until(start); ++i) {
    auto list = statements[random.below(statements.size())];
    for (std::size_t changes = 1 + random.below(3); changes > 0 && !list.empty(); --changes) {
      const std::size_t at = random.below(list.size());
      switch (random.below(4)) {
        case 0:
          list.erase(list.begin() + at);
          break;
        case 1:
          list.insert(list.begin() + at, random.of(list));
          break;
        case 2:
          std::swap(list[at], list[random.below(list.size())]);
          break;
        default:
          list[at] = random.of(all);
      }
    }
    check_survives(joined(list));
  }
}

TEST_CASE("soups of words that are not too unlikely") {
  std::vector<std::string> words;
  for (const Case& c : read_cases(TAILRACE_GRAMMAR_TESTS "/statements.txt"))
    for (std::string& piece : pieces(c.sql)) words.push_back(std::move(piece));
  const std::vector<std::string> operands = {
      "a",    "1",    "'x'",        "(",        ")",
      "[1]",  "NOT",  "-",          "~",        "::int",
      "NULL", "f(a)", "(SELECT 1)", "ARRAY[1]", "CASE WHEN a THEN b END",
      "-2"};
  const std::vector<std::string> operators = {"+",
                                              "-",
                                              "*",
                                              "||",
                                              "=",
                                              "<",
                                              "AND",
                                              "OR",
                                              "IS NULL",
                                              "LIKE",
                                              "IN (1)",
                                              "BETWEEN 1 AND",
                                              "AT TIME ZONE",
                                              "COLLATE c",
                                              "= ANY (b)",
                                              "::int",
                                              "IS DISTINCT FROM",
                                              "[1]",
                                              "OPERATOR(s.+)",
                                              "~",
                                              "->"};
  Random random(2);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20'000 && until(start); ++i) {
    std::string sql;
    if (i % 4 == 0) {
      for (std::size_t n = 1 + random.below(12); n > 0; --n) sql += random.of(words) + " ";
    } else {
      sql = "SELECT ";
      for (std::size_t n = 1 + random.below(8); n > 0; --n) {
        sql += random.of(operands) + " ";
        if (random.below(4) == 0) sql += random.of(operands) + " ";
        if (n > 1) sql += random.of(operators) + " ";
      }
    }
    check_survives(sql);
  }
}

TEST_CASE("random bytes") {
  Random random(3);
  const std::string bytes = "'\"$\\/*-;()[]{}.,:=<>!@#%^&|~?` \n\tEeXx019aZ_\x80\xc3\xa4\xff";
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20'000 && until(start); ++i) {
    std::string sql;
    for (std::size_t n = random.below(40); n > 0; --n) sql += bytes[random.below(bytes.size())];
    check_survives(sql);
  }
}

}  // namespace tailrace::grammar
