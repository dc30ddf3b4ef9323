#include "tests/slt/script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tailrace::slt {

namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string rest_after(const std::string& line, std::string_view word) {
  const std::size_t at = line.find(word) + word.size();
  const std::size_t begin = line.find_first_not_of(' ', at);
  return begin == std::string::npos ? "" : line.substr(begin);
}

bool is_known_reason(const std::string& reason) {
  return std::find(std::begin(once_only_reasons), std::end(once_only_reasons), reason) !=
         std::end(once_only_reasons);
}

}  // namespace

std::vector<Record> read_script(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(fmt::format("cannot read {}", file.string()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const auto fail = [&](std::size_t line, std::string_view what) {
    throw std::runtime_error(fmt::format("{}:{}: {}", file.string(), line + 1, what));
  };

  std::vector<Record> records;
  for (std::size_t at = 0; at < lines.size();) {
    if (lines[at].empty() || lines[at].starts_with('#')) {
      ++at;
      continue;
    }
    Record record;
    record.line = static_cast<int>(at) + 1;
    const std::vector<std::string> words = words_of(lines[at]);
    if (words.size() < 2 || (words[0] != "statement" && words[0] != "query"))
      fail(at, "expected a statement or query");
    record.is_query = words[0] == "query";
    if (words[1] == "error") {
      record.error = rest_after(lines[at], "error");
    } else if (record.is_query) {
      record.columns = words[1].size();
      for (std::size_t i = 2; i < words.size(); ++i) {
        if (words[i] == "nosort") {
          record.sort = Sort::nosort;
        } else if (words[i] == "rowsort") {
          record.sort = Sort::rowsort;
        } else if (words[i] == "valuesort") {
          record.sort = Sort::valuesort;
        } else if (words[i] == "once-only" && i + 1 < words.size() &&
                   is_known_reason(words[i + 1])) {
          record.once_only = words[++i];
        } else {
          fail(at, "unknown word \"" + words[i] + "\"");
        }
      }
    } else if (words[1] != "ok") {
      fail(at, "expected ok or error");
    }
    ++at;
    bool has_result = false;
    for (; at < lines.size() && !lines[at].empty(); ++at) {
      if (lines[at] == "----") {
        has_result = true;
        ++at;
        break;
      }
      record.sql += lines[at] + "\n";
    }
    if (has_result) {
      for (; at < lines.size() && !lines[at].empty(); ++at) record.expected.push_back(lines[at]);
    } else if (record.is_query && !record.error) {
      fail(at - 1, "a query needs ---- and its result");
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace tailrace::slt
