#include "repr/datetime.hpp"

#include <cmath>
#include <limits>

#include "repr/error.hpp"

namespace tailrace {

namespace {

constexpr std::int64_t days_per_era = 146'097;  // 400 years

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return quotient - static_cast<std::int64_t>(a % b != 0 && (a < 0) != (b < 0));
}

// Days since 2000-01-01, as a constant.
constexpr std::int64_t days_constant(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                                  (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * days_per_era + day_of_era - 730'425;
}
static_assert(days_constant(2000, 1, 1) == 0);
static_assert(days_constant(1970, 1, 1) == -days_from_unix_epoch);

constexpr std::int64_t date_min = days_constant(-4713, 11, 24);
constexpr std::int64_t date_max = days_constant(262'142, 12, 31);
constexpr std::int64_t timestamp_lowest = days_constant(-4713, 12, 31) * microseconds_per_day;
constexpr std::int64_t timestamp_highest = (date_max + 1) * microseconds_per_day - 1;

[[noreturn]] void fail_timestamp() {
  throw SqlError(sqlstate::datetime_field_overflow, "timestamp out of range");
}

}  // namespace

bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(std::int64_t year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

// The calendar in eras of 400 years that begin in March, so that the leap day comes last.
std::int64_t days_of(const CivilDate& date) {
  return days_constant(date.year, date.month, date.day);
}

CivilDate civil_date(std::int64_t days) {
  const std::int64_t shifted = days + 730'425;
  const std::int64_t era = floor_divide(shifted, days_per_era);
  const std::int64_t day_of_era = shifted - era * days_per_era;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5) + 1;
  const int month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

int day_of_year(const CivilDate& date) {
  return static_cast<int>(days_of(date) - days_of({date.year, 1, 1})) + 1;
}

int day_of_week(std::int64_t days) {
  return static_cast<int>(days - floor_divide(days - 1, 7) * 7 - 1 + 7) %
         7;  // 2000-01-02 was a Sunday
}

IsoWeek iso_week(std::int64_t days) {
  // The week belongs to the year of its Thursday.
  const int weekday = (day_of_week(days) + 6) % 7;  // 0 is Monday
  const std::int64_t thursday = days - weekday + 3;
  const CivilDate date = civil_date(thursday);
  return {date.year, (day_of_year(date) - 1) / 7 + 1};
}

std::int64_t microseconds_of(const CivilTime& time) {
  return time.hour * microseconds_per_hour + time.minute * microseconds_per_minute +
         time.second * microseconds_per_second + time.microsecond;
}

CivilTime civil_time(std::int64_t microseconds) {
  CivilTime time;
  time.hour = microseconds / microseconds_per_hour;
  time.minute = static_cast<int>(microseconds % microseconds_per_hour / microseconds_per_minute);
  time.second = static_cast<int>(microseconds % microseconds_per_minute / microseconds_per_second);
  time.microsecond = static_cast<int>(microseconds % microseconds_per_second);
  return time;
}

DayAndTime split_timestamp(std::int64_t timestamp) {
  const std::int64_t days = floor_divide(timestamp, microseconds_per_day);
  return {days, timestamp - days * microseconds_per_day};
}

CivilTimestamp civil_timestamp(std::int64_t timestamp) {
  const auto [days, microseconds] = split_timestamp(timestamp);
  return {civil_date(days), civil_time(microseconds)};
}

bool date_in_range(std::int64_t days) {
  return days >= date_min && days <= date_max;
}

bool timestamp_in_range(std::int64_t timestamp) {
  return timestamp >= timestamp_lowest && timestamp <= timestamp_highest;
}

std::int32_t checked_date(std::int64_t days) {
  if (!date_in_range(days)) throw SqlError(sqlstate::datetime_field_overflow, "date out of range");
  return static_cast<std::int32_t>(days);
}

std::int64_t checked_timestamp(std::int64_t timestamp) {
  if (!timestamp_in_range(timestamp)) fail_timestamp();
  return timestamp;
}

std::int64_t checked_timestamp(const CivilTimestamp& civil) {
  const std::int64_t days = days_of(civil.date);
  if (!date_in_range(days)) fail_timestamp();
  return checked_timestamp(days * microseconds_per_day + microseconds_of(civil.time));
}

std::int64_t date_to_timestamp(std::int32_t date) {
  return checked_timestamp(date * microseconds_per_day);
}

std::int32_t timestamp_to_date(std::int64_t timestamp) {
  return checked_date(split_timestamp(timestamp).days);
}

std::int64_t timestamp_to_time(std::int64_t timestamp) {
  return split_timestamp(timestamp).microseconds;
}

std::int64_t round_timestamp(std::int64_t timestamp, int digits) {
  std::int64_t unit = 1;
  for (int i = digits; i < 6; ++i) unit *= 10;
  if (unit == 1) return timestamp;
  return checked_timestamp(floor_divide(timestamp + unit / 2, unit) * unit);
}

std::int64_t timestamp_from_milliseconds(std::uint64_t milliseconds) {
  constexpr std::uint64_t highest =
      static_cast<std::uint64_t>(timestamp_highest / 1000 + seconds_from_unix_epoch * 1000);
  if (milliseconds > highest) fail_timestamp();
  return (static_cast<std::int64_t>(milliseconds) - seconds_from_unix_epoch * 1000) * 1000;
}

std::optional<std::uint64_t> milliseconds_from_timestamp(std::int64_t timestamp) {
  const std::int64_t milliseconds = floor_divide(timestamp, 1000) + seconds_from_unix_epoch * 1000;
  if (milliseconds < 0) return std::nullopt;
  return static_cast<std::uint64_t>(milliseconds);
}

std::int64_t add(std::int64_t timestamp, const Interval& interval) {
  auto [days, microseconds] = split_timestamp(timestamp);
  if (interval.months != 0) {
    CivilDate date = civil_date(days);
    const std::int64_t months = date.year * 12 + (date.month - 1) + interval.months;
    date.year = floor_divide(months, 12);
    date.month = static_cast<int>(months - date.year * 12) + 1;
    date.day = std::min(date.day, days_in_month(date.year, date.month));
    days = days_of(date);
  }
  days += interval.days;
  std::int64_t result = 0;
  if (__builtin_mul_overflow(days, microseconds_per_day, &result) ||
      __builtin_add_overflow(result, microseconds, &result) ||
      __builtin_add_overflow(result, interval.microseconds, &result)) {
    fail_timestamp();
  }
  return checked_timestamp(result);
}

std::int64_t subtract(std::int64_t timestamp, const Interval& interval) {
  return add(timestamp, negate(interval));
}

Interval difference(std::int64_t a, std::int64_t b) {
  const std::int64_t microseconds = a - b;
  return {0, static_cast<std::int32_t>(microseconds / microseconds_per_day),
          microseconds % microseconds_per_day};
}

// Field by field from the later one to the earlier; what is missing is borrowed from the next
// larger field, a month counting as long as the month of the earlier timestamp.
Interval age(std::int64_t a, std::int64_t b) {
  if (a < b) return negate(age(b, a));
  const CivilTimestamp later = civil_timestamp(a);
  const CivilTimestamp earlier = civil_timestamp(b);
  std::int64_t microseconds = microseconds_of(later.time) - microseconds_of(earlier.time);
  int days = later.date.day - earlier.date.day;
  std::int64_t months =
      (later.date.year - earlier.date.year) * 12 + later.date.month - earlier.date.month;
  if (microseconds < 0) {
    microseconds += microseconds_per_day;
    --days;
  }
  if (days < 0) {
    days += days_in_month(earlier.date.year, earlier.date.month);
    --months;
  }
  return {static_cast<std::int32_t>(months), days, microseconds};
}

std::int64_t add_to_time(std::int64_t time, const Interval& interval) {
  const std::int64_t sum =
      time % microseconds_per_day + interval.microseconds % microseconds_per_day;
  return (sum + microseconds_per_day) % microseconds_per_day;
}

std::int64_t make_timestamp(std::int64_t year, std::int64_t month, std::int64_t day,
                            std::int64_t hour, std::int64_t minute, double second) {
  const auto fail_date = [] {
    throw SqlError(sqlstate::datetime_field_overflow, "date out of range");
  };
  if (year == 0 || year > 300'000 || year < -300'000) fail_date();
  const std::int64_t astronomical = year < 0 ? year + 1 : year;
  if (month < 1 || month > 12 || day < 1 ||
      day > days_in_month(astronomical, static_cast<int>(month)))
    fail_date();
  const std::int64_t days = days_of({astronomical, static_cast<int>(month), static_cast<int>(day)});
  if (!(second >= 0 && second <= 60)) fail_timestamp();
  const auto fraction = static_cast<std::int64_t>(std::llround(second * 1e6));
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 ||
      (hour == 24 && (minute != 0 || fraction != 0)) || !date_in_range(days)) {
    fail_timestamp();
  }
  return checked_timestamp(days * microseconds_per_day + hour * microseconds_per_hour +
                           minute * microseconds_per_minute + fraction);
}

std::int64_t timestamp_from_epoch(double seconds) {
  if (std::isnan(seconds))
    throw SqlError(sqlstate::datetime_field_overflow, "timestamp cannot be NaN");
  if (!(std::fabs(seconds) < 9e12)) fail_timestamp();
  // Whole and fraction apart: their product with 10^6 would lose digits together.
  const double whole = std::floor(seconds);
  const auto fraction = static_cast<std::int64_t>(std::llround((seconds - whole) * 1e6));
  return checked_timestamp((static_cast<std::int64_t>(whole) - seconds_from_unix_epoch) *
                               microseconds_per_second +
                           fraction);
}

}  // namespace tailrace
