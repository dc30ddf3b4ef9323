// PostgreSQL's rules about types without a value at hand, with the dialect's differences
// (sql-language.md 1.4, 1.5).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "repr/type.hpp"

namespace tailrace::engine {

enum class TypeCategory { unknown, boolean, number, string, date_time, time_span, other };
TypeCategory category_of(const Type& type);
// Of its category: float8, text, timestamptz, interval, boolean, oid.
bool is_preferred(const Type& type);

// Without a cast, or by an implicit one.
bool casts_implicitly(const Type& from, const Type& to);
// The type that CASE branches, UNION columns, array elements and operands of `=` come to, ignoring
// unknowns; text if all are unknown; nothing if there is none.
std::optional<Type> common_type(std::span<const Type> types);

}  // namespace tailrace::engine
