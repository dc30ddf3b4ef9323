// Arithmetic on intervals and of intervals with times. Fields are never carried, but for fractions
// that spill downward.
#pragma once

#include <cstdint>

#include "repr/value.hpp"

namespace tailrace::engine {

// Throws 22008 "interval out of range" where a field does not fit.
Interval make_interval(__int128 months, __int128 days, __int128 microseconds);
Interval add(const Interval& a, const Interval& b);
Interval subtract(const Interval& a, const Interval& b);
Interval negate(const Interval& value);
Interval multiply(const Interval& value, double factor);
Interval divide(const Interval& value, double divisor);

// Months first (clamped to the month's end), then days, then microseconds. Throws 22008.
std::int64_t add_to_timestamp(std::int64_t timestamp, const Interval& interval, int sign);
// Modulo a day; months and days are ignored.
std::int64_t add_to_time(std::int64_t time, std::int64_t microseconds);

}  // namespace tailrace::engine
