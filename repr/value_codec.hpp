// One value as canonical bytes: what rows and nested values are made of. Private to repr.
//
//   NULL: 0        value: 1, then its fixed-width image, or a count and the bytes
#pragma once

#include <string>
#include <string_view>

#include "repr/column.hpp"

namespace tailrace {

void put_value(Layout layout, const Value& value, std::string& out);
void put_value(const Column& column, std::size_t row, std::string& out);
Value take_value(Layout layout, std::string_view& bytes);  // throws XX001
void take_value(std::string_view& bytes, ColumnBuilder& out);

}  // namespace tailrace
