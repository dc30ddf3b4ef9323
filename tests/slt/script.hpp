// Files of SQL logic tests, in the well-known sqllogictest format, as records.
//
//   statement ok | statement error <regular expression>
//   <SQL>
//
//   query <types> [nosort|rowsort|valuesort] [once-only <reason>]
//   <SQL>
//   ----
//   <values, one row a line, columns separated by two blanks or more... or one value a line>
//
//   query error <regular expression>
//   <SQL>
//
// `once-only` keeps a query from being checked as a maintained view too; the reason is one of `once_only_reasons`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::slt {

enum class Sort { nosort, rowsort, valuesort };

struct Record {
  int line = 0;
  std::string sql;
  bool is_query = false;
  std::optional<std::string> error;  // the expression that the message must match
  // Of queries.
  std::size_t columns = 0;
  Sort sort = Sort::nosort;
  std::optional<std::string> once_only;
  std::vector<std::string> expected;  // lines
};

inline constexpr std::string_view once_only_reasons[] = {
    "now",                  // depends on the wall clock
    "random",               // random()
    "session",              // depends on the session or on its settings
    "catalog",              // reads catalog relations
    "limit-without-order",  // any rows would do
    "qualified",            // names its tables in full
    "statement",            // SHOW, EXPLAIN and the like
};

// Throws std::runtime_error naming file and line.
std::vector<Record> read_script(const std::filesystem::path& file);

}  // namespace tailrace::slt
