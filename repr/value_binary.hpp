// One value of any type in PostgreSQL's binary format: the elements of containers, and whatever has
// no writer or reader of its own. Private to repr.
#pragma once

#include <string>
#include <string_view>

#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace {

void append_value_binary(const Type& type, const Value& value, std::string& out);
Value parse_value_binary(const Type& type, std::string_view bytes);

}  // namespace tailrace
