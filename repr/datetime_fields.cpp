#include "repr/datetime_fields.hpp"

#include <fmt/format.h>

#include "repr/datetime.hpp"
#include "repr/error.hpp"

namespace tailrace {

namespace {

using Field = DateTimeField;

struct FieldName {
  std::string_view name;
  Field field;
};

constexpr FieldName names[] = {
    {"microseconds", Field::microseconds},
    {"microsecond", Field::microseconds},
    {"us", Field::microseconds},
    {"usec", Field::microseconds},
    {"usecs", Field::microseconds},
    {"usecond", Field::microseconds},
    {"useconds", Field::microseconds},
    {"milliseconds", Field::milliseconds},
    {"millisecond", Field::milliseconds},
    {"millisecon", Field::milliseconds},
    {"ms", Field::milliseconds},
    {"msec", Field::milliseconds},
    {"msecs", Field::milliseconds},
    {"msecond", Field::milliseconds},
    {"mseconds", Field::milliseconds},
    {"second", Field::second},
    {"seconds", Field::second},
    {"sec", Field::second},
    {"secs", Field::second},
    {"s", Field::second},
    {"minute", Field::minute},
    {"minutes", Field::minute},
    {"min", Field::minute},
    {"mins", Field::minute},
    {"m", Field::minute},
    {"hour", Field::hour},
    {"hours", Field::hour},
    {"hr", Field::hour},
    {"hrs", Field::hour},
    {"h", Field::hour},
    {"day", Field::day},
    {"days", Field::day},
    {"d", Field::day},
    {"week", Field::week},
    {"weeks", Field::week},
    {"w", Field::week},
    {"month", Field::month},
    {"months", Field::month},
    {"mon", Field::month},
    {"mons", Field::month},
    {"quarter", Field::quarter},
    {"qtr", Field::quarter},
    {"year", Field::year},
    {"years", Field::year},
    {"yr", Field::year},
    {"yrs", Field::year},
    {"y", Field::year},
    {"decade", Field::decade},
    {"decades", Field::decade},
    {"dec", Field::decade},
    {"decs", Field::decade},
    {"century", Field::century},
    {"centuries", Field::century},
    {"cent", Field::century},
    {"c", Field::century},
    {"millennium", Field::millennium},
    {"millenniums", Field::millennium},
    {"millennia", Field::millennium},
    {"mil", Field::millennium},
    {"mils", Field::millennium},
    {"epoch", Field::epoch},
    {"dow", Field::day_of_week},
    {"isodow", Field::iso_day_of_week},
    {"doy", Field::day_of_year},
};

[[noreturn]] void fail_unit(Field field, const char* type) {
  throw SqlError(sqlstate::feature_not_supported,
                 fmt::format("unit '{}' not supported for type {}", name_of(field), type));
}

// The ordinal of the unit of `years` years that contains the year: the first one begins with year
// 1, the last before it is -1.
std::int64_t ordinal(std::int64_t year, std::int64_t years) {
  return year > 0 ? (year + years - 1) / years : -((years - year) / years);
}

// Of the year, month and day, and of those only.
std::optional<Numeric> extract_calendar(Field field, std::int64_t days) {
  const CivilDate date = civil_date(days);
  switch (field) {
    case Field::day:
      return Numeric::from_int(date.day);
    case Field::week:
      return Numeric::from_int(iso_week(days).week);
    case Field::month:
      return Numeric::from_int(date.month);
    case Field::quarter:
      return Numeric::from_int((date.month + 2) / 3);
    case Field::year:
      return Numeric::from_int(date.year > 0 ? date.year : date.year - 1);
    case Field::decade:
      return Numeric::from_int(date.year >= 0 ? date.year / 10 : -((9 - date.year) / 10));
    case Field::century:
      return Numeric::from_int(ordinal(date.year, 100));
    case Field::millennium:
      return Numeric::from_int(ordinal(date.year, 1000));
    case Field::day_of_week:
      return Numeric::from_int(day_of_week(days));
    case Field::iso_day_of_week:
      return Numeric::from_int((day_of_week(days) + 6) % 7 + 1);
    case Field::day_of_year:
      return Numeric::from_int(day_of_year(date));
    default:
      return std::nullopt;
  }
}

// Of what a clock shows; hours may be many, and all may be negative.
std::optional<Numeric> extract_clock(Field field, std::int64_t microseconds) {
  const std::int64_t of_minute = microseconds % microseconds_per_minute;
  switch (field) {
    case Field::microseconds:
      return Numeric::from_int(of_minute);
    case Field::milliseconds:
      return Numeric::from_scaled(of_minute, 3);
    case Field::second:
      return Numeric::from_scaled(of_minute, 6);
    case Field::minute:
      return Numeric::from_int(microseconds % microseconds_per_hour / microseconds_per_minute);
    case Field::hour:
      return Numeric::from_int(microseconds / microseconds_per_hour);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<DateTimeField> find_datetime_field(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  for (const FieldName& entry : names) {
    if (entry.name == lower) return entry.field;
  }
  return std::nullopt;
}

const char* name_of(DateTimeField field) {
  constexpr const char* all[] = {"microseconds", "milliseconds", "second",     "minute",  "hour",
                                 "day",          "week",         "month",      "quarter", "year",
                                 "decade",       "century",      "millennium", "epoch",   "dow",
                                 "isodow",       "doy"};
  return all[static_cast<std::size_t>(field)];
}

Numeric extract_from_date(DateTimeField field, std::int32_t date) {
  if (field == Field::epoch) {
    return Numeric::from_int((std::int64_t{date} + days_from_unix_epoch) * 86'400);
  }
  if (const auto value = extract_calendar(field, date)) return *value;
  fail_unit(field, "date");
}

Numeric extract_from_time(DateTimeField field, std::int64_t time) {
  if (field == Field::epoch) return Numeric::from_scaled(time, 6);
  if (const auto value = extract_clock(field, time)) return *value;
  fail_unit(field, "time");
}

Numeric extract_from_timestamp(DateTimeField field, std::int64_t timestamp) {
  if (field == Field::epoch) {
    return Numeric::from_scaled(
        static_cast<__int128>(timestamp) + seconds_from_unix_epoch * microseconds_per_second, 6);
  }
  const auto [days, microseconds] = split_timestamp(timestamp);
  if (const auto value = extract_clock(field, microseconds)) return *value;
  return *extract_calendar(field, days);
}

Numeric extract_from_interval(DateTimeField field, const Interval& interval) {
  const int years = interval.months / 12;
  const int months = interval.months % 12;
  switch (field) {
    case Field::epoch: {
      constexpr std::int64_t seconds_per_day = 86'400;
      const __int128 seconds = static_cast<__int128>(years) * (seconds_per_day * 1461 / 4) +
                               static_cast<__int128>(months) * (30 * seconds_per_day) +
                               static_cast<__int128>(interval.days) * seconds_per_day;
      return Numeric::from_scaled(seconds * microseconds_per_second + interval.microseconds, 6);
    }
    case Field::day:
      return Numeric::from_int(interval.days);
    case Field::month:
      return Numeric::from_int(months);
    case Field::quarter:
      return Numeric::from_int(months / 3 + 1);
    case Field::year:
      return Numeric::from_int(years);
    case Field::decade:
      return Numeric::from_int(years / 10);
    case Field::century:
      return Numeric::from_int(years / 100);
    case Field::millennium:
      return Numeric::from_int(years / 1000);
    default:
      break;
  }
  if (const auto value = extract_clock(field, interval.microseconds)) return *value;
  fail_unit(field, "interval");
}

std::int64_t truncate_timestamp(DateTimeField unit, std::int64_t timestamp) {
  const auto [days, microseconds] = split_timestamp(timestamp);
  const auto within_day = [&](std::int64_t length) { return timestamp - microseconds % length; };
  const auto at_date = [](const CivilDate& date) {
    return checked_timestamp(days_of(date) * microseconds_per_day);
  };
  const CivilDate date = civil_date(days);
  switch (unit) {
    case Field::microseconds:
      return timestamp;
    case Field::milliseconds:
      return within_day(1000);
    case Field::second:
      return within_day(microseconds_per_second);
    case Field::minute:
      return within_day(microseconds_per_minute);
    case Field::hour:
      return within_day(microseconds_per_hour);
    case Field::day:
      return timestamp - microseconds;
    case Field::week:
      return checked_timestamp((days - (day_of_week(days) + 6) % 7) * microseconds_per_day);
    case Field::month:
      return at_date({date.year, date.month, 1});
    case Field::quarter:
      return at_date({date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case Field::year:
      return at_date({date.year, 1, 1});
    case Field::decade:
      return at_date({date.year >= 0 ? date.year / 10 * 10 : -((9 - date.year) / 10) * 10, 1, 1});
    case Field::century:
    case Field::millennium: {
      const std::int64_t years = unit == Field::century ? 100 : 1000;
      const std::int64_t number = ordinal(date.year, years);
      return at_date({number > 0 ? (number - 1) * years + 1 : number * years + 1, 1, 1});
    }
    default:
      fail_unit(unit, "timestamp");
  }
}

Interval truncate_interval(DateTimeField unit, const Interval& interval) {
  const auto months = [&](int length) {
    return Interval{interval.months - interval.months % length, 0, 0};
  };
  const auto time = [&](std::int64_t length) {
    return Interval{interval.months, interval.days,
                    interval.microseconds - interval.microseconds % length};
  };
  switch (unit) {
    case Field::microseconds:
      return interval;
    case Field::milliseconds:
      return time(1000);
    case Field::second:
      return time(microseconds_per_second);
    case Field::minute:
      return time(microseconds_per_minute);
    case Field::hour:
      return time(microseconds_per_hour);
    case Field::day:
      return {interval.months, interval.days, 0};
    case Field::month:
      return months(1);
    case Field::quarter:
      return months(3);
    case Field::year:
      return months(12);
    case Field::decade:
      return months(120);
    case Field::century:
      return months(1'200);
    case Field::millennium:
      return months(12'000);
    default:
      fail_unit(unit, "interval");
  }
}

std::int64_t bin_timestamp(const Interval& stride, std::int64_t timestamp, std::int64_t origin) {
  const auto fail = [](const char* why) { throw SqlError(sqlstate::datetime_field_overflow, why); };
  if (stride.months != 0)
    fail("timestamps cannot be binned into intervals containing months or years");
  constexpr std::int64_t stride_max = 9'223'372'036 * microseconds_per_second;
  std::int64_t length = 0;
  if (__builtin_mul_overflow(std::int64_t{stride.days}, microseconds_per_day, &length) ||
      __builtin_add_overflow(length, stride.microseconds, &length) || length > stride_max) {
    fail("stride cannot exceed 9223372036 seconds");
  }
  if (length <= 0) fail("stride must be greater than zero");
  const std::int64_t distance = timestamp - origin;
  if (distance > stride_max || distance < -stride_max) fail("source minus origin out of range");
  const std::int64_t rest = distance % length;
  return checked_timestamp(timestamp - rest - (rest < 0 ? length : 0));
}

}  // namespace tailrace
