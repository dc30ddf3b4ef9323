// Numbers, booleans, strings, bytea and uuids as text, both ways: single values, without columns.
//
// Dates: datetime_text.hpp. Numerics: numeric.hpp. jsonb: json.hpp. Containers: nested_text.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace {

std::string_view trim_blanks(std::string_view text);
[[noreturn]] void fail_text(const char* type,
                            std::string_view text);  // 22P02 "invalid input syntax for type ..."

bool parse_boolean(std::string_view text);
// Of std::int16_t to std::uint64_t; `type` is named in errors.
template <class T>
T parse_integer(std::string_view text, const char* type);
std::uint32_t parse_oid(std::string_view text, const char* type);  // negative ones wrap
float parse_float4(std::string_view text);
double parse_float8(std::string_view text);
std::uint64_t parse_mz_timestamp(std::string_view text);
Uuid parse_uuid(std::string_view text);
std::string parse_bytea(std::string_view text);  // hex or escape format
std::string parse_char1(std::string_view text);
void check_utf8(std::string_view text);  // 22021

// What an explicit cast to varchar(n), char(n) and name makes of a text: cut, padded.
std::string coerce_text(const Type& type, std::string_view text);
std::size_t count_characters(std::string_view text);

// The dialect's shortest text that reads back as the same number.
void append_float4(float value, std::string& out);
void append_float8(double value, std::string& out);
// `digits` significant digits, as C's %g.
void append_float(double value, int digits, std::string& out);
template <class T>
void append_integer(T value, std::string& out);
void append_bytea(std::string_view bytes, std::string& out);
void append_uuid(const Uuid& uuid, std::string& out);
void append_char1(std::string_view byte, std::string& out);

}  // namespace tailrace
