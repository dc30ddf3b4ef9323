// One value of any type as text, both ways: what text_format.hpp's writers and readers, and the
// elements of containers, have in common. Private to repr.
#pragma once

#include <string>
#include <string_view>

#include "repr/text_format.hpp"

namespace tailrace {

void append_value_text(const Type& type, const Value& value, const TextOptions& options,
                       std::string& out);

// `upstream`: PostgreSQL's own output. Numerics beyond our digits are errors and array bounds are
// read.
enum class TextOrigin : std::uint8_t { client, upstream };
Value parse_value(const Type& type, std::string_view text, TextOrigin origin);

// Of the nested types, on their encoded bytes (nested_print.cpp, nested_parse.cpp).
void append_nested_text(const Type& type, std::string_view bytes, const TextOptions& options,
                        std::string& out);
std::string parse_nested(const Type& type, std::string_view text, TextOrigin origin);

}  // namespace tailrace
