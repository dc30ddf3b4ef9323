// EXTRACT and date_part, date_trunc, datediff.
#include <fmt/format.h>

#include "engine/functions/date_unit.hpp"
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/datetime.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;

// A field as a whole number of microunits, exact.
struct Field {
  std::int64_t value = 0;
  int scale = 0;  // digits after the point
};

[[noreturn]] void throw_unsupported(Text unit, Text type) {
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("unit '{}' not supported for type {}", unit, type));
}

// Years as SQL counts them: there is no year 0, 1 BC is -1.
std::int64_t shown_year(std::int64_t year) {
  return year <= 0 ? year - 1 : year;
}
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
// 1 for the years 1 to n, -1 for the n years before.
std::int64_t period(std::int64_t year, std::int64_t length) {
  return year > 0 ? (year + length - 1) / length : -((length - 1 - (year - 1)) / length);
}

std::optional<Field> date_field(DateUnit unit, std::int64_t days) {
  const CivilDate date = civil_date(days);
  switch (unit) {
    case DateUnit::epoch:
      return Field{(days + days_from_unix_epoch) * 86'400};
    case DateUnit::millennium:
      return Field{period(date.year, 1000)};
    case DateUnit::century:
      return Field{period(date.year, 100)};
    case DateUnit::decade:
      return Field{floor_divide(date.year, 10)};
    case DateUnit::year:
      return Field{shown_year(date.year)};
    case DateUnit::quarter:
      return Field{(date.month + 2) / 3};
    case DateUnit::month:
      return Field{date.month};
    case DateUnit::week:
      return Field{iso_week(days).week};
    case DateUnit::day:
      return Field{date.day};
    case DateUnit::dow:
      return Field{day_of_week(days)};
    case DateUnit::isodow:
      return Field{day_of_week(days) == 0 ? 7 : day_of_week(days)};
    case DateUnit::doy:
      return Field{day_of_year(date)};
    case DateUnit::isoyear:
      return Field{shown_year(iso_week(days).year)};
    default:
      return std::nullopt;
  }
}

std::optional<Field> time_field(DateUnit unit, std::int64_t microseconds) {
  const std::int64_t in_minute = microseconds % microseconds_per_minute;
  switch (unit) {
    case DateUnit::hour:
      return Field{microseconds / microseconds_per_hour};
    case DateUnit::minute:
      return Field{microseconds / microseconds_per_minute % 60};
    case DateUnit::second:
      return Field{in_minute, 6};
    case DateUnit::milliseconds:
      return Field{in_minute, 3};
    case DateUnit::microseconds:
      return Field{in_minute};
    default:
      return std::nullopt;
  }
}

Field field_of_date(Text unit, std::int32_t days) {
  if (const auto field = date_field(parse_date_unit(unit), days)) return *field;
  throw_unsupported(unit, "date");
}

Field field_of_time(Text unit, std::int64_t time) {
  const DateUnit parsed = parse_date_unit(unit);
  if (parsed == DateUnit::epoch) return {time, 6};
  if (const auto field = time_field(parsed, time)) return *field;
  throw_unsupported(unit, "time");
}

Field field_of_timestamp(Text unit, std::int64_t timestamp) {
  const DateUnit parsed = parse_date_unit(unit);
  const DayAndTime parts = split_timestamp(timestamp);
  if (parsed == DateUnit::epoch)
    return {timestamp + seconds_from_unix_epoch * microseconds_per_second, 6};
  if (const auto field = date_field(parsed, parts.days)) return *field;
  return *time_field(parsed, parts.microseconds);
}

Field field_of_interval(Text unit, const Interval& interval) {
  const std::int64_t years = interval.months / 12;
  switch (const DateUnit parsed = parse_date_unit(unit)) {
    case DateUnit::epoch: {
      // A year counts 365.25 days, a month 30.
      const std::int64_t days_of_years = years * 1461;  // quarters of a day
      const __int128 total =
          static_cast<__int128>(days_of_years) * (microseconds_per_day / 4) +
          static_cast<__int128>(interval.months % 12 * 30 + std::int64_t{interval.days}) *
              microseconds_per_day +
          interval.microseconds;
      return {static_cast<std::int64_t>(total), 6};
    }
    case DateUnit::millennium:
      return {years / 1000};
    case DateUnit::century:
      return {years / 100};
    case DateUnit::decade:
      return {years / 10};
    case DateUnit::year:
      return {years};
    case DateUnit::quarter:
      return {interval.months % 12 / 3 + 1};
    case DateUnit::month:
      return {interval.months % 12};
    case DateUnit::day:
      return {interval.days};
    default:
      if (const auto field = time_field(parsed, interval.microseconds)) return *field;
      throw_unsupported(unit, "interval");
  }
}

double to_double(const Field& field) {
  double value = static_cast<double>(field.value);
  for (int digit = 0; digit < field.scale; ++digit) value /= 10;
  return field.scale == 6 ? static_cast<double>(field.value) / 1e6 : value;
}

template <class T, Field (*field_of)(Text, T)>
void extract_kernel(KernelCall& call) {
  compute<Numeric(Text, T)>(call, [](Text unit, const T& value) {
    const Field field = field_of(unit, value);
    return Numeric::from_scaled(field.value, field.scale);
  });
}

template <class T, Field (*field_of)(Text, T)>
void date_part_kernel(KernelCall& call) {
  compute<double(Text, T)>(
      call, [](Text unit, const T& value) { return to_double(field_of(unit, value)); });
}

Field interval_field(Text unit, Interval interval) {
  return field_of_interval(unit, interval);
}

// The first year of the unit's period that holds the year.
std::int64_t period_start(std::int64_t year, std::int64_t length) {
  return floor_divide(year - 1, length) * length + 1;
}

std::int64_t truncate(Text text, std::int64_t timestamp) {
  const DayAndTime parts = split_timestamp(timestamp);
  CivilDate date = civil_date(parts.days);
  const auto at_midnight = [](const CivilDate& day) {
    return checked_timestamp(CivilTimestamp{.date = day, .time = {}});
  };
  const auto cut = [&](std::int64_t unit) {
    return timestamp - parts.microseconds + parts.microseconds / unit * unit;
  };
  switch (parse_date_unit(text)) {
    case DateUnit::microseconds:
      return timestamp;
    case DateUnit::milliseconds:
      return cut(1'000);
    case DateUnit::second:
      return cut(microseconds_per_second);
    case DateUnit::minute:
      return cut(microseconds_per_minute);
    case DateUnit::hour:
      return cut(microseconds_per_hour);
    case DateUnit::day:
      return timestamp - parts.microseconds;
    case DateUnit::week: {
      const int weekday = day_of_week(parts.days);
      const std::int64_t monday = parts.days - (weekday == 0 ? 6 : weekday - 1);
      return checked_timestamp(monday * microseconds_per_day);
    }
    case DateUnit::month:
      return at_midnight({date.year, date.month, 1});
    case DateUnit::quarter:
      return at_midnight({date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case DateUnit::year:
      return at_midnight({date.year, 1, 1});
    case DateUnit::decade:
      return at_midnight({floor_divide(date.year, 10) * 10, 1, 1});
    case DateUnit::century:
      return at_midnight({period_start(date.year, 100), 1, 1});
    case DateUnit::millennium:
      return at_midnight({period_start(date.year, 1000), 1, 1});
    default:
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("unit '{}' not recognized", text));
  }
}

Interval truncate_interval(Text text, const Interval& interval) {
  const auto months = [&](std::int32_t unit) {
    return Interval{.months = interval.months / unit * unit};
  };
  const auto time = [&](std::int64_t unit) {
    return Interval{interval.months, interval.days, interval.microseconds / unit * unit};
  };
  switch (parse_date_unit(text)) {
    case DateUnit::microseconds:
      return interval;
    case DateUnit::milliseconds:
      return time(1'000);
    case DateUnit::second:
      return time(microseconds_per_second);
    case DateUnit::minute:
      return time(microseconds_per_minute);
    case DateUnit::hour:
      return time(microseconds_per_hour);
    case DateUnit::day:
      return {interval.months, interval.days, 0};
    case DateUnit::month:
      return months(1);
    case DateUnit::quarter:
      return months(3);
    case DateUnit::year:
      return months(12);
    case DateUnit::decade:
      return months(120);
    case DateUnit::century:
      return months(1200);
    case DateUnit::millennium:
      return months(12000);
    default:
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("unit '{}' not recognized", text));
  }
}

// How many boundaries of the unit lie between: the number of the unit that holds the time, counted
// from some origin.
std::int64_t unit_number(DateUnit unit, Text text, std::int64_t timestamp) {
  const DayAndTime parts = split_timestamp(timestamp);
  const CivilDate date = civil_date(parts.days);
  switch (unit) {
    case DateUnit::microseconds:
      return timestamp;
    case DateUnit::milliseconds:
      return floor_divide(timestamp, 1'000);
    case DateUnit::second:
      return floor_divide(timestamp, microseconds_per_second);
    case DateUnit::minute:
      return floor_divide(timestamp, microseconds_per_minute);
    case DateUnit::hour:
      return floor_divide(timestamp, microseconds_per_hour);
    case DateUnit::day:
    case DateUnit::doy:
      return parts.days;
    case DateUnit::week:
      return floor_divide(parts.days + 6, 7);  // Sundays begin a week; 2000-01-02 was one
    case DateUnit::month:
      return date.year * 12 + date.month;
    case DateUnit::quarter:
      return date.year * 4 + (date.month - 1) / 3;
    case DateUnit::year:
      return date.year;
    case DateUnit::decade:
      return floor_divide(date.year, 10);
    case DateUnit::century:
      return floor_divide(date.year - 1, 100);
    case DateUnit::millennium:
      return floor_divide(date.year - 1, 1000);
    default:
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("unit '{}' not recognized", text));
  }
}

std::int64_t count_boundaries(Text text, std::int64_t start, std::int64_t end) {
  const DateUnit unit = parse_date_unit(text);
  return unit_number(unit, text, end) - unit_number(unit, text, start);
}

template <class T, Field (*field_of)(Text, T)>
void add_fields(std::vector<Function>& out, TypeId type, Text extract_example, Text part_example) {
  out.push_back(function_entry("extract", {TypeId::text, type}, TypeId::numeric,
                               "A field of it, exactly.", extract_example,
                               extract_kernel<T, field_of>));
  if (type == TypeId::date) return;  // date_part goes by timestamp
  out.push_back(function_entry("date_part", {TypeId::text, type}, TypeId::float8, "A field of it.",
                               part_example, date_part_kernel<T, field_of>));
}

}  // namespace

std::vector<Function> date_field_functions() {
  std::vector<Function> out;
  add_fields<std::int32_t, field_of_date>(out, TypeId::date,
                                          "EXTRACT(year FROM '2020-05-06'::date) = 2020", "");
  add_fields<std::int64_t, field_of_time>(out, TypeId::time, "EXTRACT(hour FROM '03:04'::time) = 3",
                                          "date_part('hour', '03:04'::time) = 3");
  for (const TypeId type : {TypeId::timestamp, TypeId::timestamptz}) {
    add_fields<std::int64_t, field_of_timestamp>(
        out, type, "EXTRACT(second FROM '2020-01-01 00:00:01.5'::timestamp) = 1.5",
        "date_part('month', '2020-05-06'::timestamp) = 5");
    out.push_back(function_entry(
        "date_trunc", {TypeId::text, type}, type, "Cut to the start of the unit.",
        "date_trunc('month', '2020-05-06'::timestamp) = '2020-05-01'",
        [](KernelCall& call) { compute<std::int64_t(Text, std::int64_t)>(call, truncate); }));
    out.push_back(function_entry(
        "datediff", {TypeId::text, type, type}, TypeId::int8,
        "How many boundaries of the unit lie between.",
        "datediff('month', '2020-01-31'::timestamp, '2020-02-01'::timestamp) = 1",
        [](KernelCall& call) {
          compute<std::int64_t(Text, std::int64_t, std::int64_t)>(call, count_boundaries);
        }));
  }
  out.push_back(function_entry(
      "datediff", {TypeId::text, TypeId::date, TypeId::date}, TypeId::int8,
      "How many boundaries of the unit lie between.",
      "datediff('day', '2020-01-31'::date, '2020-02-01'::date) = 1", [](KernelCall& call) {
        compute<std::int64_t(Text, std::int32_t, std::int32_t)>(
            call, [](Text unit, std::int32_t start, std::int32_t end) {
              return count_boundaries(unit, date_to_timestamp(start), date_to_timestamp(end));
            });
      }));
  out.push_back(function_entry(
      "datediff", {TypeId::text, TypeId::time, TypeId::time}, TypeId::int8,
      "How many boundaries of the unit lie between.",
      "datediff('hour', '01:59'::time, '02:00'::time) = 1", [](KernelCall& call) {
        compute<std::int64_t(Text, std::int64_t, std::int64_t)>(call, count_boundaries);
      }));
  add_fields<Interval, interval_field>(out, TypeId::interval,
                                       "EXTRACT(day FROM '1 day 02:00'::interval) = 1",
                                       "date_part('hour', '1 day 02:00'::interval) = 2");
  out.push_back(function_entry(
      "date_trunc", {TypeId::text, TypeId::interval}, TypeId::interval,
      "Cut to a whole number of the unit.",
      "date_trunc('hour', '1 day 02:03'::interval) = '1 day 02:00:00'",
      [](KernelCall& call) { compute<Interval(Text, Interval)>(call, truncate_interval); }));
  return out;
}

}  // namespace tailrace::engine
