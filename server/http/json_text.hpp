// JSON text, written piece by piece.
#pragma once

#include <string>
#include <string_view>

#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace::server {

void append_json_string(std::string& out, std::string_view text);
// A value as the HTTP API shows it: numbers of every kind as strings, jsonb embedded (its numbers
// as strings too), arrays and lists as arrays, maps and records as objects, everything else as its
// SQL text (reference/wire-protocols.md 2.2).
void append_json_value(std::string& out, const Type& type, const Value& value);

}  // namespace tailrace::server
