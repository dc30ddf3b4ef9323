// Dates and times as numbers: the calendar, and arithmetic within the dialect's ranges.
//
//   date        int32 days since 2000-01-01                  4714-11-24 BC .. 262142-12-31
//   time        int64 microseconds since midnight            00:00:00 .. 23:59:59.999999, and the
//   leap second 23:59:60 timestamp   int64 microseconds since 2000-01-01 00:00    4714-12-31 BC ..
//   262142-12-31 23:59:59.999999
//
// The calendar is the proleptic Gregorian one; years are astronomical (0 is 1 BC) wherever they are
// numbers. What leaves a range throws SqlError 22008.
#pragma once

#include <cstdint>
#include <optional>

#include "repr/value.hpp"

namespace tailrace {

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_minute = 60 * microseconds_per_second;
inline constexpr std::int64_t microseconds_per_hour = 60 * microseconds_per_minute;
inline constexpr std::int64_t microseconds_per_day = 24 * microseconds_per_hour;
inline constexpr std::int64_t seconds_from_unix_epoch = 946'684'800;  // 1970-01-01 to 2000-01-01
inline constexpr std::int32_t days_from_unix_epoch = 10'957;

struct CivilDate {
  std::int64_t year = 2000;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  friend auto operator<=>(const CivilDate&, const CivilDate&) = default;
};

struct CivilTime {
  std::int64_t hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

struct CivilTimestamp {
  CivilDate date;
  CivilTime time;
};

bool is_leap_year(std::int64_t year);
int days_in_month(std::int64_t year, int month);
// Days since 2000-01-01; any year within +-10^12.
std::int64_t days_of(const CivilDate& date);
CivilDate civil_date(std::int64_t days);
int day_of_year(const CivilDate& date);  // 1 to 366
int day_of_week(std::int64_t days);      // 0 is Sunday
struct IsoWeek {
  std::int64_t year;
  int week;
};
IsoWeek iso_week(std::int64_t days);

std::int64_t microseconds_of(const CivilTime& time);
CivilTime civil_time(std::int64_t microseconds_of_day);
// The day, and the microseconds since its midnight (never negative).
struct DayAndTime {
  std::int64_t days;
  std::int64_t microseconds;
};
DayAndTime split_timestamp(std::int64_t timestamp);
CivilTimestamp civil_timestamp(std::int64_t timestamp);

bool date_in_range(std::int64_t days);
bool timestamp_in_range(std::int64_t timestamp);
std::int32_t checked_date(std::int64_t days);            // "date out of range"
std::int64_t checked_timestamp(std::int64_t timestamp);  // "timestamp out of range"
std::int64_t checked_timestamp(const CivilTimestamp& civil);

std::int64_t date_to_timestamp(std::int32_t date);  // midnight
std::int32_t timestamp_to_date(std::int64_t timestamp);
std::int64_t timestamp_to_time(std::int64_t timestamp);
// Half up to `digits` of the fraction (0 to 6).
std::int64_t round_timestamp(std::int64_t timestamp, int digits);
// Milliseconds of the one timeline (mz_timestamp) and back.
std::int64_t timestamp_from_milliseconds(std::uint64_t milliseconds);
std::optional<std::uint64_t> milliseconds_from_timestamp(
    std::int64_t timestamp);  // none before 1970

// Months first, clamped to the end of the month, then days, then microseconds.
std::int64_t add(std::int64_t timestamp, const Interval& interval);
std::int64_t subtract(std::int64_t timestamp, const Interval& interval);
Interval difference(std::int64_t a, std::int64_t b);  // a - b in days and microseconds
Interval age(std::int64_t a, std::int64_t b);  // a - b in years, months, days and microseconds
std::int64_t add_to_time(std::int64_t time, const Interval& interval);  // modulo a day

// "... interval out of range", 22015.
Interval add(const Interval& a, const Interval& b);
Interval subtract(const Interval& a, const Interval& b);
Interval negate(const Interval& interval);
Interval multiply(const Interval& interval, double factor);
Interval divide(const Interval& interval, double divisor);  // "division by zero"
Interval justify_days(const Interval& interval);            // each 30 days a month
Interval justify_hours(const Interval& interval);           // each 24 hours a day
Interval justify_interval(const Interval& interval);

// `year` as SQL writes it: -1 is 1 BC, 0 is refused.
std::int64_t make_timestamp(std::int64_t year, std::int64_t month, std::int64_t day,
                            std::int64_t hour, std::int64_t minute, double second);
std::int64_t timestamp_from_epoch(double seconds);  // to_timestamp

}  // namespace tailrace
