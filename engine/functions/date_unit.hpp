// The units that EXTRACT, date_part, date_trunc and datediff name.
#pragma once

#include <cstdint>
#include <string_view>

namespace tailrace::engine {

enum class DateUnit : std::uint8_t {
  epoch,
  millennium,
  century,
  decade,
  year,
  quarter,
  month,
  week,
  day,
  hour,
  minute,
  second,
  milliseconds,
  microseconds,
  dow,
  isodow,
  doy,
  isoyear,
};

// By any of its spellings, whatever the case. Throws 22023 "unit 'x' not recognized".
DateUnit parse_date_unit(std::string_view text);

}  // namespace tailrace::engine
