// Virtual time: milliseconds since the epoch, one timeline for the whole system.
#pragma once

#include <cstdint>
#include <limits>

namespace tailrace {

using Timestamp = std::uint64_t;
using Diff = std::int64_t;

inline constexpr Timestamp timestamp_min = 0;
// As an upper: the collection is complete and will never change again.
inline constexpr Timestamp timestamp_max = std::numeric_limits<std::uint64_t>::max();

}  // namespace tailrace
