// Which of several functions or operators of one name a call means: PostgreSQL's algorithm
// (sql-language.md 2.6).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/functions/function.hpp"

namespace tailrace::engine {

struct Signature {
  std::span<const Parameter> takes;
  bool variadic = false;
  const Parameter* gives = nullptr;  // may be null: the function says itself
  Type (*result_type)(std::span<const Type> arguments) = nullptr;
};

struct Overload {
  enum class Outcome : std::uint8_t { chosen, none, ambiguous, unknown_polymorphic };
  Outcome outcome = Outcome::none;
  std::size_t index = 0;  // of the chosen signature
  std::vector<Type>
      argument_types;  // what each argument is to be cast to; its own type where it fits as it is
  Type result;
};

// `arguments` of type unknown are string literals, NULLs and undetermined parameters.
// `is_operator`: an unknown operand is first assumed to be of the other operand's type, and two
// numbers meet at their common type.
Overload choose_overload(std::span<const Signature> signatures, std::span<const Type> arguments,
                         bool is_operator);

}  // namespace tailrace::engine
