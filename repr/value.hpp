// One datum outside a column: literals, parameters, settings, group representatives. Not for rows
// in bulk.
//
// A value does not know its SQL type: it holds the representation that the type's columns hold
// (`Layout` in column.hpp). Strings, bytea, jsonb and nested values are bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <variant>

#include "repr/numeric.hpp"

namespace tailrace {

// Never carried between the fields. Ordered and equal field by field (the dialect's rule).
struct Interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t microseconds = 0;
  friend auto operator<=>(const Interval&, const Interval&) = default;
};

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

struct Null {
  friend auto operator<=>(const Null&, const Null&) = default;
};

using Value =
    std::variant<Null, bool, std::int16_t, std::int32_t, std::int64_t, std::uint16_t, std::uint32_t,
                 std::uint64_t, float, double, Numeric, Interval, Uuid, std::string>;

inline bool is_null(const Value& value) {
  return std::holds_alternative<Null>(value);
}

}  // namespace tailrace
