// Time zones: fixed offsets, abbreviations, and the IANA database of the operating system.
//
// A TimeZone is a small value; loading one twice costs a look-up. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  static TimeZone fixed(std::int32_t seconds_east);

  // Microseconds since 2000-01-01: from a local reading to UTC, and back. A local time in a gap or
  // an overlap takes the reading of standard time.
  std::int64_t to_utc(std::int64_t local) const;
  std::int64_t to_local(std::int64_t utc) const;

  struct Offset {
    std::int32_t seconds_east = 0;  // daylight saving included
    bool daylight_saving = false;
    std::string abbreviation;
  };
  Offset offset_at(std::int64_t utc) const;
  // Of standard time around that moment; the difference to `offset_at` is the daylight saving.
  std::int32_t standard_offset_at(std::int64_t utc) const;

 private:
  friend std::optional<TimeZone> find_time_zone(std::string_view name);
  std::int32_t seconds_east_ = 0;
  const void* zone_ = nullptr;  // of the IANA database; never freed
};

// 'Z', an abbreviation or an IANA name, in any case of letters.
std::optional<TimeZone> find_time_zone(std::string_view name);
// As `find_time_zone`, and +-HH[[:]MM[[:]SS]], at most 15 hours: east of UTC, as in timestamp
// literals.
std::optional<TimeZone> find_time_zone_or_offset(std::string_view text);

struct TimeZoneAbbreviation {
  std::string_view name;
  std::int32_t seconds_east;
  bool daylight_saving;
};
std::span<const TimeZoneAbbreviation> time_zone_abbreviations();
// The names in the operating system's database, sorted.
std::vector<std::string> time_zone_names();

}  // namespace tailrace
