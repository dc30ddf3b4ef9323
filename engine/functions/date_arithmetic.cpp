// Operators between dates, times, timestamps and intervals; ages and justification; zones.
#include <absl/time/time.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "engine/functions/zone.hpp"
#include "repr/datetime.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;

void add_timestamp_operators(std::vector<Function>& out, TypeId type) {
  out.push_back(operator_entry(
      "+", {type, TypeId::interval}, type, "That much later.",
      "'2020-01-31'::timestamp + '1 month'::interval = '2020-02-29'", [](KernelCall& call) {
        compute<std::int64_t(std::int64_t, Interval)>(
            call, [](std::int64_t at, const Interval& by) { return add(at, by); });
      }));
  out.push_back(operator_entry(
      "+", {TypeId::interval, type}, type, "That much later.",
      "'1 day'::interval + '2020-01-31'::timestamp = '2020-02-01'", [](KernelCall& call) {
        compute<std::int64_t(Interval, std::int64_t)>(
            call, [](const Interval& by, std::int64_t at) { return add(at, by); });
      }));
  out.push_back(operator_entry(
      "-", {type, TypeId::interval}, type, "That much earlier.",
      "'2020-03-31'::timestamp - '1 month'::interval = '2020-02-29'", [](KernelCall& call) {
        compute<std::int64_t(std::int64_t, Interval)>(
            call, [](std::int64_t at, const Interval& by) { return subtract(at, by); });
      }));
  out.push_back(operator_entry(
      "-", {type, type}, TypeId::interval, "The days and time between.",
      "'2020-01-02'::timestamp - '2020-01-01'::timestamp = '1 day'",
      [](KernelCall& call) { compute<Interval(std::int64_t, std::int64_t)>(call, difference); }));
  out.push_back(function_entry(
      "age", {type, type}, TypeId::interval, "The years, months, days and time between.",
      "age('2020-03-01'::timestamp, '2020-01-01'::timestamp) = '2 mons'",
      [](KernelCall& call) { compute<Interval(std::int64_t, std::int64_t)>(call, age); }));
}

void add_date_operators(std::vector<Function>& out) {
  out.push_back(operator_entry(
      "+", {TypeId::date, TypeId::interval}, TypeId::timestamp, "That much later.",
      "'2020-01-31'::date + '1 hour'::interval = '2020-01-31 01:00:00'", [](KernelCall& call) {
        compute<std::int64_t(std::int32_t, Interval)>(
            call,
            [](std::int32_t at, const Interval& by) { return add(date_to_timestamp(at), by); });
      }));
  out.push_back(operator_entry(
      "+", {TypeId::interval, TypeId::date}, TypeId::timestamp, "That much later.",
      "'1 hour'::interval + '2020-01-31'::date = '2020-01-31 01:00:00'", [](KernelCall& call) {
        compute<std::int64_t(Interval, std::int32_t)>(
            call,
            [](const Interval& by, std::int32_t at) { return add(date_to_timestamp(at), by); });
      }));
  out.push_back(
      operator_entry("-", {TypeId::date, TypeId::interval}, TypeId::timestamp, "That much earlier.",
                     "'2020-01-31'::date - '1 day'::interval = '2020-01-30'", [](KernelCall& call) {
                       compute<std::int64_t(std::int32_t, Interval)>(
                           call, [](std::int32_t at, const Interval& by) {
                             return subtract(date_to_timestamp(at), by);
                           });
                     }));
  out.push_back(operator_entry(
      "+", {TypeId::date, TypeId::time}, TypeId::timestamp, "The time on the day.",
      "'2020-01-31'::date + '01:00'::time = '2020-01-31 01:00:00'", [](KernelCall& call) {
        compute<std::int64_t(std::int32_t, std::int64_t)>(
            call, [](std::int32_t day, std::int64_t time) {
              return checked_timestamp(date_to_timestamp(day) + time);
            });
      }));
  out.push_back(operator_entry(
      "+", {TypeId::time, TypeId::date}, TypeId::timestamp, "The time on the day.",
      "'01:00'::time + '2020-01-31'::date = '2020-01-31 01:00:00'", [](KernelCall& call) {
        compute<std::int64_t(std::int64_t, std::int32_t)>(
            call, [](std::int64_t time, std::int32_t day) {
              return checked_timestamp(date_to_timestamp(day) + time);
            });
      }));
  out.push_back(infallible(
      operator_entry("-", {TypeId::date, TypeId::date}, TypeId::int4, "The days between.",
                     "'2020-01-03'::date - '2020-01-01'::date = 2", [](KernelCall& call) {
                       compute<std::int32_t(std::int32_t, std::int32_t)>(
                           call, [](std::int32_t a, std::int32_t b) noexcept { return a - b; });
                     })));
}

void add_time_operators(std::vector<Function>& out) {
  out.push_back(operator_entry(
      "+", {TypeId::time, TypeId::interval}, TypeId::time, "That much later, past midnight too.",
      "'23:00'::time + '2 hours'::interval = '01:00:00'", [](KernelCall& call) {
        compute<std::int64_t(std::int64_t, Interval)>(
            call, [](std::int64_t at, const Interval& by) { return add_to_time(at, by); });
      }));
  out.push_back(operator_entry(
      "+", {TypeId::interval, TypeId::time}, TypeId::time, "That much later, past midnight too.",
      "'2 hours'::interval + '23:00'::time = '01:00:00'", [](KernelCall& call) {
        compute<std::int64_t(Interval, std::int64_t)>(
            call, [](const Interval& by, std::int64_t at) { return add_to_time(at, by); });
      }));
  out.push_back(
      operator_entry("-", {TypeId::time, TypeId::interval}, TypeId::time, "That much earlier.",
                     "'01:00'::time - '2 hours'::interval = '23:00:00'", [](KernelCall& call) {
                       compute<std::int64_t(std::int64_t, Interval)>(
                           call, [](std::int64_t at, const Interval& by) {
                             const std::int64_t rest = by.microseconds % microseconds_per_day;
                             return add_to_time(at, {.microseconds = -rest});
                           });
                     }));
  out.push_back(infallible(
      operator_entry("-", {TypeId::time, TypeId::time}, TypeId::interval, "The time between.",
                     "'03:00'::time - '01:00'::time = '02:00:00'", [](KernelCall& call) {
                       compute<Interval(std::int64_t, std::int64_t)>(
                           call, [](std::int64_t a, std::int64_t b) noexcept {
                             return Interval{.microseconds = a - b};
                           });
                     })));
}

void add_interval_operators(std::vector<Function>& out) {
  constexpr TypeId type = TypeId::interval;
  out.push_back(operator_entry(
      "+", {type, type}, type, "The sum, field by field.",
      "'1 day'::interval + '1 hour'::interval = '1 day 01:00:00'", [](KernelCall& call) {
        compute<Interval(Interval, Interval)>(
            call, [](const Interval& a, const Interval& b) { return add(a, b); });
      }));
  out.push_back(operator_entry(
      "-", {type, type}, type, "The difference, field by field.",
      "'1 day'::interval - '1 hour'::interval = '1 day -01:00:00'", [](KernelCall& call) {
        compute<Interval(Interval, Interval)>(
            call, [](const Interval& a, const Interval& b) { return subtract(a, b); });
      }));
  out.push_back(operator_entry("-", {type}, type, "The other direction.",
                               "- '1 day'::interval = '-1 days'", [](KernelCall& call) {
                                 compute<Interval(Interval)>(
                                     call, [](const Interval& v) { return negate(v); });
                               }));
  out.push_back(infallible(operator_entry("+", {type}, type, "The interval itself.",
                                          "+ '1 day'::interval = '1 day'", [](KernelCall& call) {
                                            compute<Interval(Interval)>(
                                                call, [](const Interval& v) noexcept { return v; });
                                          })));
  out.push_back(operator_entry("*", {type, TypeId::float8}, type, "So many times.",
                               "'1 day'::interval * 2::float8 = '2 days'", [](KernelCall& call) {
                                 compute<Interval(Interval, double)>(
                                     call, [](const Interval& v, double factor) {
                                       return multiply(v, factor);
                                     });
                               }));
  out.push_back(operator_entry("*", {TypeId::float8, type}, type, "So many times.",
                               "2::float8 * '1 day'::interval = '2 days'", [](KernelCall& call) {
                                 compute<Interval(double, Interval)>(
                                     call, [](double factor, const Interval& v) {
                                       return multiply(v, factor);
                                     });
                               }));
  out.push_back(operator_entry("/", {type, TypeId::float8}, type, "Divided into so many.",
                               "'2 days'::interval / 2::float8 = '1 day'", [](KernelCall& call) {
                                 compute<Interval(Interval, double)>(
                                     call, [](const Interval& v, double divisor) {
                                       return divide(v, divisor);
                                     });
                               }));
  out.push_back(function_entry(
      "justify_days", {type}, type, "Each 30 days a month.",
      "justify_days('35 days'::interval) = '1 mon 5 days'", [](KernelCall& call) {
        compute<Interval(Interval)>(call, [](const Interval& v) { return justify_days(v); });
      }));
  out.push_back(function_entry(
      "justify_hours", {type}, type, "Each 24 hours a day.",
      "justify_hours('27 hours'::interval) = '1 day 03:00:00'", [](KernelCall& call) {
        compute<Interval(Interval)>(call, [](const Interval& v) { return justify_hours(v); });
      }));
  out.push_back(function_entry(
      "justify_interval", {type}, type, "Days into months, hours into days, all of one sign.",
      "justify_interval('1 mon -1 hour'::interval) = '29 days 23:00:00'", [](KernelCall& call) {
        compute<Interval(Interval)>(call, [](const Interval& v) { return justify_interval(v); });
      }));
}

std::int64_t shift_by_zone(const Interval& zone, std::int64_t timestamp, int sign) {
  if (zone.months != 0 || zone.days != 0) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "timezone interval must not contain months or years");
  }
  return checked_timestamp(timestamp + sign * zone.microseconds);
}

void add_zones(std::vector<Function>& out) {
  constexpr std::string_view doc = "The time in the zone: what AT TIME ZONE is.";
  out.push_back(function_entry(
      "timezone", {TypeId::text, TypeId::timestamptz}, TypeId::timestamp, doc,
      "timezone('Europe/Berlin', '2020-07-01 00:00:00+00'::timestamptz) = '2020-07-01 02:00:00'",
      [](KernelCall& call) {
        compute<std::int64_t(Text, std::int64_t)>(call, [](Text zone, std::int64_t at) {
          return checked_timestamp(at + parse_zone(zone).offset_at(at));
        });
      }));
  out.push_back(function_entry(
      "timezone", {TypeId::text, TypeId::timestamp}, TypeId::timestamptz, doc,
      "timezone('Europe/Berlin', '2020-07-01 02:00:00'::timestamp) = '2020-07-01 00:00:00+00'",
      [](KernelCall& call) {
        compute<std::int64_t(Text, std::int64_t)>(call, [](Text zone, std::int64_t at) {
          return checked_timestamp(parse_zone(zone).to_utc(at));
        });
      }));
  out.push_back(function_entry(
      "timezone", {TypeId::interval, TypeId::timestamptz}, TypeId::timestamp, doc,
      "timezone('1 hour'::interval, '2020-07-01 00:00:00+00'::timestamptz) = '2020-07-01 01:00:00'",
      [](KernelCall& call) {
        compute<std::int64_t(Interval, std::int64_t)>(
            call, [](const Interval& zone, std::int64_t at) { return shift_by_zone(zone, at, 1); });
      }));
  out.push_back(function_entry(
      "timezone", {TypeId::interval, TypeId::timestamp}, TypeId::timestamptz, doc,
      "timezone('1 hour'::interval, '2020-07-01 01:00:00'::timestamp) = '2020-07-01 00:00:00+00'",
      [](KernelCall& call) {
        compute<std::int64_t(Interval, std::int64_t)>(
            call,
            [](const Interval& zone, std::int64_t at) { return shift_by_zone(zone, at, -1); });
      }));
}

std::int64_t bin(const Interval& stride, std::int64_t source, std::int64_t origin) {
  if (stride.months != 0) {
    throw SqlError(sqlstate::feature_not_supported,
                   "timestamps cannot be binned into intervals containing months or years");
  }
  const __int128 width =
      static_cast<__int128>(stride.days) * microseconds_per_day + stride.microseconds;
  if (width <= 0)
    throw SqlError(sqlstate::invalid_parameter_value, "stride must be greater than zero");
  if (width > static_cast<__int128>(9'223'372'036) * microseconds_per_second) {
    throw SqlError(sqlstate::invalid_parameter_value, "stride cannot exceed 9223372036 seconds");
  }
  const __int128 distance = static_cast<__int128>(source) - origin;
  __int128 bins = distance / width;
  if (distance < 0 && bins * width != distance) --bins;
  return checked_timestamp(static_cast<std::int64_t>(origin + bins * width));
}

void add_makers(std::vector<Function>& out) {
  for (const TypeId type : {TypeId::timestamp, TypeId::timestamptz}) {
    out.push_back(function_entry(
        "date_bin", {TypeId::interval, type, type}, type,
        "The start of the bin of that width, counted from an origin.",
        "date_bin('15 minutes', '2020-01-01 00:20:00'::timestamp, '2020-01-01'::timestamp) = "
        "'2020-01-01 00:15:00'",
        [](KernelCall& call) {
          compute<std::int64_t(Interval, std::int64_t, std::int64_t)>(call, bin);
        }));
    out.push_back(function_entry(
        "date_bin", {TypeId::interval, type}, type,
        "The start of the bin of that width, counted from 1970-01-01.",
        "date_bin('15 minutes', '2020-01-01 00:20:00'::timestamp) = '2020-01-01 00:15:00'",
        [](KernelCall& call) {
          compute<std::int64_t(Interval, std::int64_t)>(
              call, [](const Interval& stride, std::int64_t source) {
                return bin(stride, source, -seconds_from_unix_epoch * microseconds_per_second);
              });
        }));
  }
  out.push_back(function_entry(
      "to_timestamp", {TypeId::float8}, TypeId::timestamptz, "So many seconds after 1970.",
      "to_timestamp(0) = '1970-01-01 00:00:00+00'",
      [](KernelCall& call) { compute<std::int64_t(double)>(call, timestamp_from_epoch); }));
  out.push_back(function_entry(
      "make_timestamp",
      {TypeId::int8, TypeId::int8, TypeId::int8, TypeId::int8, TypeId::int8, TypeId::float8},
      TypeId::timestamp, "Of year, month, day, hour, minute, second.",
      "make_timestamp(2020, 1, 2, 3, 4, 5.5) = '2020-01-02 03:04:05.5'", [](KernelCall& call) {
        compute<std::int64_t(std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                             double)>(call, make_timestamp);
      }));
  for (const TypeId type : {TypeId::timestamp, TypeId::timestamptz}) {
    out.push_back(infallible(function_entry(
        "date", {type}, TypeId::date, "The day.",
        "date('2020-01-02 03:00:00'::timestamp) = '2020-01-02'", [](KernelCall& call) {
          compute<std::int32_t(std::int64_t)>(
              call, [](std::int64_t at) { return timestamp_to_date(at); });
        })));
  }
  const auto add_clock = [&](Text name, Text example) {
    Function now =
        stable(function_entry(name, {}, TypeId::timestamptz, "When the transaction began.", example,
                              [](KernelCall& call) {
                                const std::int64_t at = call.session().transaction_microseconds;
                                compute<std::int64_t()>(call, [&]() { return at; });
                              }));
    now.never_null = true;
    out.push_back(std::move(now));
  };
  add_clock("now", "(now() = now()) = true");
  add_clock("current_timestamp", "(current_timestamp = now()) = true");
}

}  // namespace

std::vector<Function> date_functions() {
  std::vector<Function> out;
  add_timestamp_operators(out, TypeId::timestamp);
  add_timestamp_operators(out, TypeId::timestamptz);
  add_date_operators(out);
  add_time_operators(out);
  add_interval_operators(out);
  add_zones(out);
  add_makers(out);
  return out;
}

}  // namespace tailrace::engine
