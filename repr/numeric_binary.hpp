// PostgreSQL's binary numeric: digits in base 10000, the weight of the first, sign, digits shown
// after the point. Private to repr.
#pragma once

#include <string>
#include <string_view>

#include "repr/column.hpp"

namespace tailrace {

void append_binary_numeric(const Numeric& value, std::string& out);
// 22P03 if malformed, 22003 if infinite or of more digits than ours.
Numeric parse_binary_numeric(std::string_view bytes);
void read_binary_numeric(std::string_view bytes, ColumnBuilder& out);  // fast for decimal columns

}  // namespace tailrace
