// SQL values as JSON text: what to_jsonb and the functions that build JSON make of them.
#pragma once

#include <string>

#include "repr/column.hpp"

namespace tailrace::engine {

// Booleans, numbers and NULL natively, strings as strings, arrays and lists as arrays, records and
// maps as objects, all else as the string of its text.
void append_json(const Type& type, const Value& value, std::string& out);
void append_json(const Column& column, std::size_t row, std::string& out);

}  // namespace tailrace::engine
