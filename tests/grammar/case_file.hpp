// Cases in a text file: a line of SQL, then lines that start with "  ", which say what comes of it.
// Lines that start with # are comments.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

namespace tailrace::grammar {

struct Case {
  std::string sql;
  std::string outcome;  // empty: none given
  int line = 0;
};

inline std::vector<Case> read_cases(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file.good());
  std::vector<Case> out;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (text.empty() || text[0] == '#') continue;
    if (text.starts_with("  ")) {
      REQUIRE(!out.empty());
      out.back().outcome += (out.back().outcome.empty() ? "" : "\n") + text.substr(2);
    } else {
      out.push_back({text, "", line});
    }
  }
  return out;
}

}  // namespace tailrace::grammar
