#include <fmt/format.h>

#include <cmath>

#include "repr/datetime.hpp"
#include "repr/datetime_text.hpp"
#include "repr/error.hpp"

namespace tailrace {

namespace {

[[noreturn]] void fail_interval(std::string_view shown) {
  throw SqlError(sqlstate::interval_field_overflow,
                 fmt::format("\"{}\" interval out of range", shown));
}

std::string shown(const Interval& interval) {
  std::string text;
  append_interval(interval, text);
  return text;
}

constexpr std::int64_t days_per_month = 30;

// A month's fraction becomes days of which each is a thirtieth, a day's fraction becomes time.
Interval scale(const Interval& interval, double factor, std::string_view operation) {
  const auto fail = [&] { fail_interval(operation); };
  const double months = interval.months * factor;
  const double whole_months = std::trunc(months);
  if (!(std::fabs(whole_months) <= 2147483647.0)) fail();
  const double month_days = (months - whole_months) * days_per_month;
  const double days = interval.days * factor + month_days;
  const double whole_days = std::trunc(days);
  if (!(std::fabs(whole_days) <= 2147483647.0)) fail();
  const double microseconds =
      std::nearbyint(static_cast<double>(interval.microseconds) * factor +
                     (days - whole_days) * static_cast<double>(microseconds_per_day));
  if (!(std::fabs(microseconds) < 9.2233720368547758e18)) fail();
  return {static_cast<std::int32_t>(whole_months), static_cast<std::int32_t>(whole_days),
          static_cast<std::int64_t>(microseconds)};
}

}  // namespace

Interval add(const Interval& a, const Interval& b) {
  Interval sum;
  if (__builtin_add_overflow(a.months, b.months, &sum.months) ||
      __builtin_add_overflow(a.days, b.days, &sum.days) ||
      __builtin_add_overflow(a.microseconds, b.microseconds, &sum.microseconds)) {
    fail_interval(shown(a) + " + " + shown(b));
  }
  return sum;
}

Interval subtract(const Interval& a, const Interval& b) {
  Interval rest;
  if (__builtin_sub_overflow(a.months, b.months, &rest.months) ||
      __builtin_sub_overflow(a.days, b.days, &rest.days) ||
      __builtin_sub_overflow(a.microseconds, b.microseconds, &rest.microseconds)) {
    fail_interval(shown(a) + " - " + shown(b));
  }
  return rest;
}

Interval negate(const Interval& interval) {
  Interval negative;
  if (__builtin_sub_overflow(0, interval.months, &negative.months) ||
      __builtin_sub_overflow(0, interval.days, &negative.days) ||
      __builtin_sub_overflow(std::int64_t{0}, interval.microseconds, &negative.microseconds)) {
    fail_interval(shown(interval));
  }
  return negative;
}

Interval multiply(const Interval& interval, double factor) {
  return scale(interval, factor, fmt::format("{} * {}", shown(interval), factor));
}

Interval divide(const Interval& interval, double divisor) {
  if (divisor == 0) throw SqlError(sqlstate::division_by_zero, "division by zero");
  return scale(interval, 1 / divisor, fmt::format("{} / {}", shown(interval), divisor));
}

Interval justify_days(const Interval& interval) {
  std::int64_t months = interval.months + interval.days / days_per_month;
  std::int64_t days = interval.days % days_per_month;
  if (months > 0 && days < 0) {
    days += days_per_month;
    --months;
  } else if (months < 0 && days > 0) {
    days -= days_per_month;
    ++months;
  }
  if (months != static_cast<std::int32_t>(months)) fail_interval(shown(interval));
  return {static_cast<std::int32_t>(months), static_cast<std::int32_t>(days),
          interval.microseconds};
}

Interval justify_hours(const Interval& interval) {
  std::int64_t days = interval.days + interval.microseconds / microseconds_per_day;
  std::int64_t microseconds = interval.microseconds % microseconds_per_day;
  if (days > 0 && microseconds < 0) {
    microseconds += microseconds_per_day;
    --days;
  } else if (days < 0 && microseconds > 0) {
    microseconds -= microseconds_per_day;
    ++days;
  }
  if (days != static_cast<std::int32_t>(days)) fail_interval(shown(interval));
  return {interval.months, static_cast<std::int32_t>(days), microseconds};
}

// All in one direction: months and days first, then what their signs leave.
Interval justify_interval(const Interval& interval) {
  std::int64_t days = interval.days + interval.microseconds / microseconds_per_day;
  std::int64_t microseconds = interval.microseconds % microseconds_per_day;
  std::int64_t months = interval.months + days / days_per_month;
  days %= days_per_month;
  if (months > 0 && (days < 0 || (days == 0 && microseconds < 0))) {
    days += days_per_month;
    --months;
  } else if (months < 0 && (days > 0 || (days == 0 && microseconds > 0))) {
    days -= days_per_month;
    ++months;
  }
  if (days > 0 && microseconds < 0) {
    microseconds += microseconds_per_day;
    --days;
  } else if (days < 0 && microseconds > 0) {
    microseconds -= microseconds_per_day;
    ++days;
  }
  if (months != static_cast<std::int32_t>(months)) fail_interval(shown(interval));
  return {static_cast<std::int32_t>(months), static_cast<std::int32_t>(days), microseconds};
}

}  // namespace tailrace
