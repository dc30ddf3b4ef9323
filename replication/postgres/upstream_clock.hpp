// Time as PostgreSQL counts it on the wire.
#pragma once

#include <chrono>
#include <cstdint>

namespace tailrace::replication {

// Now, by our own clock, in microseconds since 2000-01-01.
inline std::int64_t upstream_clock_now() {
  constexpr std::chrono::seconds from_1970_to_2000(946'684'800);
  const auto now = std::chrono::system_clock::now().time_since_epoch() - from_1970_to_2000;
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace tailrace::replication
