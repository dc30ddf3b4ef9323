#include "grammar/reserved_words.hpp"

#include <algorithm>
#include <array>

namespace tailrace::grammar {

namespace {

// Sorted. CONSTRAINT and MAP are no reserved words, but begin something else where a column is
// defined or subscripted.
constexpr std::string_view reserved_words[] = {
    "all",       "and",        "any",      "array",   "as",       "between", "case",    "cast",
    "collate",   "constraint", "cross",    "default", "distinct", "else",    "end",     "except",
    "false",     "fetch",      "from",     "full",    "group",    "having",  "ilike",   "in",
    "inner",     "intersect",  "interval", "is",      "isnull",   "join",    "lateral", "left",
    "like",      "limit",      "list",     "map",     "natural",  "not",     "notnull", "null",
    "of",        "offset",     "on",       "options", "or",       "order",   "outer",   "qualify",
    "returning", "right",      "select",   "set",     "some",     "table",   "then",    "true",
    "union",     "using",      "values",   "when",    "where",    "with",
};

constexpr std::string_view call_words[] = {
    "coalesce",  "exists", "extract",  "greatest", "least",     "map",
    "normalize", "nullif", "position", "row",      "substring", "trim",
};

}  // namespace

bool is_reserved_word(std::string_view word) {
  static_assert(std::is_sorted(std::begin(reserved_words), std::end(reserved_words)));
  return std::binary_search(std::begin(reserved_words), std::end(reserved_words), word);
}

bool is_call_word(std::string_view word) {
  static_assert(std::is_sorted(std::begin(call_words), std::end(call_words)));
  return std::binary_search(std::begin(call_words), std::end(call_words), word);
}

}  // namespace tailrace::grammar
