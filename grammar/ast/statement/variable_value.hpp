// The right side of SET and of its relatives (ALTER SYSTEM, ALTER ROLE).
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace tailrace::ast {

struct VariableDefault {};  // SET name = DEFAULT

struct VariableValue {
  std::string text;        // numbers and words as written (words folded), strings without quotes
  bool is_null = false;    // NULL; `text` is empty then
  bool is_quoted = false;  // a string literal, not a word or a number
};

// A list of values as written; which variables take lists is theirs to say.
using VariableValues = std::variant<VariableDefault, std::vector<VariableValue>>;

}  // namespace tailrace::ast
