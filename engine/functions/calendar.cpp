#include "engine/functions/calendar.hpp"

#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

// Years are counted from March, so that the leap day comes last; an era has 400 years.
constexpr std::int64_t days_per_era = 146'097;
constexpr std::int64_t days_to_2000_from_0000_march = 730'425;

constexpr std::int64_t days_min = -2'451'545;  // 4714-11-24 BC
constexpr std::int64_t days_max = 95'015'279;  // 262142-12-31

}  // namespace

CivilDate civil_from_days(std::int64_t days) {
  const std::int64_t shifted = days + days_to_2000_from_0000_march;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - (days_per_era - 1)) / days_per_era;
  const std::int64_t day_of_era = shifted - era * days_per_era;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  date.month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

std::int64_t days_from_civil(const CivilDate& date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t march_month = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t day_of_year = (153 * march_month + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * days_per_era + day_of_era - days_to_2000_from_0000_march;
}

bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(std::int64_t year, int month) {
  static constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

CivilTime civil_time(std::int64_t microseconds_of_day) {
  const std::int64_t seconds = microseconds_of_day / microseconds_per_second;
  return {.hour = static_cast<int>(seconds / 3'600),
          .minute = static_cast<int>(seconds / 60 % 60),
          .second = static_cast<int>(seconds % 60),
          .microsecond = static_cast<int>(microseconds_of_day % microseconds_per_second)};
}

int day_of_week(std::int64_t days) {
  const std::int64_t from_saturday = days % 7;  // 2000-01-01 was a Saturday
  return static_cast<int>((from_saturday + 7 + 6) % 7);
}

std::int32_t check_date(std::int64_t days) {
  if (days < days_min || days > days_max)
    throw SqlError(sqlstate::datetime_field_overflow, "date out of range");
  return static_cast<std::int32_t>(days);
}

bool is_timestamp(__int128 microseconds) {
  return microseconds >= static_cast<__int128>(days_min) * microseconds_per_day &&
         microseconds < static_cast<__int128>(days_max + 1) * microseconds_per_day;
}

std::int64_t check_timestamp(__int128 microseconds) {
  if (!is_timestamp(microseconds))
    throw SqlError(sqlstate::datetime_field_overflow, "timestamp out of range");
  return static_cast<std::int64_t>(microseconds);
}

}  // namespace tailrace::engine
