// The fields of dates and times by name: what EXTRACT, date_part, date_trunc and date_bin stand on.
//
// A field that a type does not have throws SqlError 0A000 "unit 'hour' not supported for type
// date".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "repr/value.hpp"

namespace tailrace {

enum class DateTimeField : std::uint8_t {
  microseconds,  // includes the seconds, as milliseconds does
  milliseconds,
  second,
  minute,
  hour,
  day,
  week,  // ISO
  month,
  quarter,
  year,
  decade,
  century,
  millennium,
  epoch,
  day_of_week,      // 0 is Sunday
  iso_day_of_week,  // 1 is Monday
  day_of_year,
};

// By any of its names, in any case of letters: "y", "yr", "YEARS", "isodow", ...
std::optional<DateTimeField> find_datetime_field(std::string_view name);
const char* name_of(DateTimeField field);

Numeric extract_from_date(DateTimeField field, std::int32_t date);
Numeric extract_from_time(DateTimeField field, std::int64_t time);
Numeric extract_from_timestamp(DateTimeField field, std::int64_t timestamp);
Numeric extract_from_interval(DateTimeField field, const Interval& interval);

// The start of the unit that contains the timestamp.
std::int64_t truncate_timestamp(DateTimeField unit, std::int64_t timestamp);
// What is smaller than the unit becomes zero.
Interval truncate_interval(DateTimeField unit, const Interval& interval);
// The start of the stride, counted from `origin`, that contains the timestamp.
std::int64_t bin_timestamp(const Interval& stride, std::int64_t timestamp, std::int64_t origin);

}  // namespace tailrace
