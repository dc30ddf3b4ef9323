// The wall clock as SQL timestamps count it.
#pragma once

#include <chrono>
#include <cstdint>

namespace tailrace::engine {

// From the Unix epoch to 2000-01-01 00:00:00 UTC.
inline constexpr std::int64_t epoch_to_2000_microseconds = 946'684'800'000'000;

// Microseconds since 2000-01-01 UTC.
inline std::int64_t now_microseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count() -
         epoch_to_2000_microseconds;
}

}  // namespace tailrace::engine
