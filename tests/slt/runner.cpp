#include "tests/slt/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "tests/slt/both_ways.hpp"
#include "tests/slt/connection.hpp"
#include "tests/slt/script.hpp"
#include "tests/slt/temporary_directory.hpp"

namespace tailrace::slt {

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::vector<std::string> lines_of(const Rows& rows, Sort sort, bool value_a_line) {
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    if (value_a_line || sort == Sort::valuesort) {
      lines.insert(lines.end(), row.begin(), row.end());
      continue;
    }
    std::string line;
    for (const std::string& value : row) line += (line.empty() ? "" : "  ") + value;
    lines.push_back(std::move(line));
  }
  if (sort == Sort::rowsort && value_a_line) {
    Rows sorted = rows;
    std::sort(sorted.begin(), sorted.end());
    lines.clear();
    for (const auto& row : sorted) lines.insert(lines.end(), row.begin(), row.end());
  } else if (sort != Sort::nosort) {
    std::sort(lines.begin(), lines.end());
  }
  return lines;
}

// Expected lines hold whole rows or a value each; blanks between columns count as one separator.
std::string squeeze(const std::string& line) {
  std::string result;
  for (const char c : line) {
    if (c == ' ' && !result.empty() && result.back() == ' ') continue;
    result += c;
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

bool matches(const Record& record, const Rows& rows, std::string& difference) {
  const bool value_a_line =
      record.columns > 1 && record.expected.size() == rows.size() * record.columns;
  std::vector<std::string> actual = lines_of(rows, record.sort, value_a_line);
  std::vector<std::string> expected = record.expected;
  if (record.sort != Sort::nosort && !value_a_line) std::sort(expected.begin(), expected.end());
  for (auto& line : actual) line = squeeze(line);
  for (auto& line : expected) line = squeeze(line);
  if (record.sort != Sort::nosort && !value_a_line) {
    std::sort(actual.begin(), actual.end());
    std::sort(expected.begin(), expected.end());
  }
  if (actual == expected) return true;
  std::ostringstream text;
  text << "  expected:\n";
  for (const auto& line : expected) text << "    " << line << "\n";
  text << "  actual:\n";
  for (const auto& line : actual) text << "    " << line << "\n";
  difference = text.str();
  return false;
}

// "" if the message matches, else what is wrong.
std::string check_error(const std::string& expected, const std::string& message) {
  if (expected.empty() || std::regex_search(message, std::regex(expected))) return "";
  return fmt::format("  expected an error like: {}\n  actual error: {}\n", expected, message);
}

class ScriptRun {
 public:
  explicit ScriptRun(const std::filesystem::path& file) : file_(file) {
    engine::EnvironmentOptions options;
    options.data_directory = directory_.path();
    options.sync = false;
    environment_ = engine::Environment::open(std::move(options));
    primary_ = std::make_unique<Connection>(*environment_, "materialize");
    both_ways_ = std::make_unique<BothWays>(*environment_);
  }

  Outcome run() {
    for (const Record& record : read_script(file_)) {
      const std::string problem = run_record(record);
      if (problem.empty()) {
        ++outcome_.passed;
        continue;
      }
      ++outcome_.failed;
      fmt::print("{}:{}: {}\n{}\n", file_.string(), record.line, record.sql, problem);
    }
    return outcome_;
  }

 private:
  std::string run_record(const Record& record) {
    Result result;
    try {
      result = primary_->run(record.sql);
    } catch (const SqlError& error) {
      if (record.error) return check_error(*record.error, error.message());
      return fmt::format("  error: {} {}{}{}\n", error.state().view(), error.message(),
                         error.detail().empty() ? "" : "; " + error.detail(),
                         error.hint().empty() ? "" : "; " + error.hint());
    }
    if (record.error) return "  no error\n";
    if (!record.is_query) {
      both_ways_->follow(record.sql);
      return "";
    }
    std::string difference;
    if (!matches(record, result.rows, difference)) return difference;
    if (record.once_only) {
      ++outcome_.once_only[*record.once_only];
      return "";
    }
    ++outcome_.both_ways;
    return both_ways_->check(record.sql, record.columns, result.rows);
  }

  std::filesystem::path file_;
  TemporaryDirectory directory_;
  std::unique_ptr<engine::Environment> environment_;
  std::unique_ptr<Connection> primary_;
  std::unique_ptr<BothWays> both_ways_;
  Outcome outcome_;
};

}  // namespace

Outcome run_script(const std::filesystem::path& file) {
  return ScriptRun(file).run();
}

}  // namespace tailrace::slt
