// Dates, times and intervals as text, both ways (reference/sql-language.md 1.3).
//
// Parsing throws SqlError 22007 (not a date, field out of bounds) or 22008 (out of the type's
// range).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "repr/value.hpp"

namespace tailrace {

std::int32_t parse_date(std::string_view text);
std::int64_t parse_time(std::string_view text);
std::int64_t parse_timestamp(std::string_view text);    // a zone is read and ignored
std::int64_t parse_timestamptz(std::string_view text);  // without a zone: UTC

void append_date(std::int64_t days, std::string& out);
void append_time(std::int64_t microseconds, std::string& out);
void append_timestamp(std::int64_t timestamp, std::string& out);
void append_timestamptz(std::int64_t timestamp, std::string& out);

enum class IntervalField : std::uint8_t {
  year,
  month,
  day,
  hour,
  minute,
  second
};  // largest first

// INTERVAL '...' [HEAD TO] TAIL[(precision)].
struct IntervalQualifier {
  std::optional<IntervalField> head;
  IntervalField tail = IntervalField::second;
  std::optional<int> precision;  // of SECOND: 0 to 6
};
Interval parse_interval(std::string_view text,
                        const std::optional<IntervalQualifier>& qualifier = {});
void append_interval(const Interval& interval, std::string& out);

}  // namespace tailrace
