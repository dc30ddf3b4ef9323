// The proleptic Gregorian calendar: days since 2000-01-01 as years, months, days, and back; the
// ranges of the types.
#pragma once

#include <cstdint>

namespace tailrace::engine {

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;
// From 1970-01-01 to 2000-01-01.
inline constexpr std::int64_t epoch_days = 10'957;
inline constexpr std::int64_t epoch_seconds = epoch_days * 86'400;

struct CivilDate {
  std::int64_t year = 2000;  // astronomical: 0 is 1 BC
  int month = 1;             // 1 to 12
  int day = 1;               // 1 to 31
};

struct CivilTime {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

CivilDate civil_from_days(std::int64_t days);
std::int64_t days_from_civil(const CivilDate& date);
int days_in_month(std::int64_t year, int month);
bool is_leap(std::int64_t year);
CivilTime civil_time(std::int64_t microseconds_of_day);

// The day of a timestamp, and the microseconds since its midnight (0 to a day).
inline std::int64_t day_of(std::int64_t timestamp) {
  return timestamp >= 0 ? timestamp / microseconds_per_day
                        : -((-timestamp + microseconds_per_day - 1) / microseconds_per_day);
}
inline std::int64_t time_of(std::int64_t timestamp) {
  return timestamp - day_of(timestamp) * microseconds_per_day;
}

// 0 Sunday to 6 Saturday.
int day_of_week(std::int64_t days);

// Throw 22008 outside what the type holds ("date out of range", "timestamp out of range"); else
// give the value.
std::int32_t check_date(std::int64_t days);
std::int64_t check_timestamp(__int128 microseconds);
bool is_timestamp(__int128 microseconds);

}  // namespace tailrace::engine
