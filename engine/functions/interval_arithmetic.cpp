#include "engine/functions/interval_arithmetic.hpp"

#include <cmath>
#include <limits>

#include "engine/functions/calendar.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

[[noreturn]] void throw_out_of_range() {
  throw SqlError(sqlstate::datetime_field_overflow, "interval out of range");
}

template <class T>
T fit(__int128 value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
    throw_out_of_range();
  return static_cast<T>(value);
}

// A whole number that a cast may take without overflow.
__int128 whole(double value) {
  if (!(std::fabs(value) < 1e30)) throw_out_of_range();
  return static_cast<__int128>(value);
}

}  // namespace

Interval make_interval(__int128 months, __int128 days, __int128 microseconds) {
  return {.months = fit<std::int32_t>(months),
          .days = fit<std::int32_t>(days),
          .microseconds = fit<std::int64_t>(microseconds)};
}

Interval add(const Interval& a, const Interval& b) {
  return make_interval(static_cast<__int128>(a.months) + b.months,
                       static_cast<__int128>(a.days) + b.days,
                       static_cast<__int128>(a.microseconds) + b.microseconds);
}

Interval subtract(const Interval& a, const Interval& b) {
  return make_interval(static_cast<__int128>(a.months) - b.months,
                       static_cast<__int128>(a.days) - b.days,
                       static_cast<__int128>(a.microseconds) - b.microseconds);
}

Interval negate(const Interval& value) {
  return subtract({}, value);
}

Interval multiply(const Interval& value, double factor) {
  if (std::isnan(factor) || std::isinf(factor)) throw_out_of_range();
  const double months = value.months * factor;
  const double whole_months = std::trunc(months);
  const double days = value.days * factor + (months - whole_months) * 30;
  const double whole_days = std::trunc(days);
  const double microseconds = static_cast<double>(value.microseconds) * factor +
                              (days - whole_days) * static_cast<double>(microseconds_per_day);
  return make_interval(whole(whole_months), whole(whole_days), whole(std::nearbyint(microseconds)));
}

Interval divide(const Interval& value, double divisor) {
  if (divisor == 0) throw SqlError(sqlstate::division_by_zero, "division by zero");
  if (std::isnan(divisor)) throw_out_of_range();
  const double months = value.months / divisor;
  const double whole_months = std::trunc(months);
  const double days = value.days / divisor + (months - whole_months) * 30;
  const double whole_days = std::trunc(days);
  const double microseconds = static_cast<double>(value.microseconds) / divisor +
                              (days - whole_days) * static_cast<double>(microseconds_per_day);
  return make_interval(whole(whole_months), whole(whole_days), whole(std::nearbyint(microseconds)));
}

std::int64_t add_to_timestamp(std::int64_t timestamp, const Interval& interval, int sign) {
  std::int64_t day = day_of(timestamp);
  const std::int64_t time = time_of(timestamp);
  if (interval.months != 0) {
    CivilDate date = civil_from_days(day);
    const std::int64_t month =
        date.year * 12 + (date.month - 1) + std::int64_t{sign} * interval.months;
    date.year = month >= 0 ? month / 12 : -((-month + 11) / 12);
    date.month = static_cast<int>(month - date.year * 12) + 1;
    const int last = days_in_month(date.year, date.month);
    if (date.day > last) date.day = last;
    day = days_from_civil(date);
  }
  day += std::int64_t{sign} * interval.days;
  return check_timestamp(static_cast<__int128>(day) * microseconds_per_day + time +
                         static_cast<__int128>(sign) * interval.microseconds);
}

std::int64_t add_to_time(std::int64_t time, std::int64_t microseconds) {
  const std::int64_t sum = (time + microseconds % microseconds_per_day) % microseconds_per_day;
  return sum < 0 ? sum + microseconds_per_day : sum;
}

}  // namespace tailrace::engine
