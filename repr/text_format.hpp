// The text format of every type, both ways: PostgreSQL's with the dialect's differences
// (reference/sql-language.md 1.3).
//
// Two flavours of output: `wire` (results, COPY, replication: booleans t/f) and `cast` (::text:
// true/false). Input throws SqlError 22P02/22007/22008/22003 and leaves the builder as it was.
#pragma once

#include <string>
#include <string_view>

#include "repr/column.hpp"

namespace tailrace {

enum class TextFlavour : std::uint8_t { wire, cast };

struct TextOptions {
  TextFlavour flavour = TextFlavour::wire;
  int extra_float_digits = 1;  // session setting; wire only
};

// Resolved once per column, called once per row that is not null. Thread-safe.
using TextWriter = void (*)(const Column& column, std::size_t row, const TextOptions& options,
                            std::string& out);
TextWriter text_writer(const Type& type);
std::string to_text(const Type& type, const Value& value, TextOptions options = {});

// Appends the value that `text` denotes to a builder of the type (whose modifier is applied as by
// an explicit cast). Resolved once per column.
using TextReader = void (*)(std::string_view text, ColumnBuilder& out);
TextReader text_reader(const Type& type);
Value from_text(const Type& type, std::string_view text);

// As `text_reader`, but for text that PostgreSQL itself wrote with DateStyle ISO, IntervalStyle
// postgres, bytea_output hex, extra_float_digits 3: the fast path of replication. What PostgreSQL
// can hold and the type here cannot (infinity dates, numerics of more than 39 digits, ...) is an
// error as above.
TextReader upstream_text_reader(const Type& type);

}  // namespace tailrace
