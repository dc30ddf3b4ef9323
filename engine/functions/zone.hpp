// Time zones by name or offset, as AT TIME ZONE takes them.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string_view>

namespace tailrace::engine {

class Zone {
 public:
  explicit Zone(absl::TimeZone zone) : zone_(zone) {}
  // Microseconds that local time is ahead of UTC at this UTC time.
  std::int64_t offset_at(std::int64_t timestamptz) const;
  // A local time that a change of the clocks skips or repeats is read as standard time.
  std::int64_t to_utc(std::int64_t timestamp) const;

 private:
  absl::TimeZone zone_;
};

// An IANA name, an abbreviation, or an offset with POSIX's sign (+01 is west). Throws 22023.
Zone parse_zone(std::string_view text);

}  // namespace tailrace::engine
