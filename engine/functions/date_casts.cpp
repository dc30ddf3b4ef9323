// Casts among date, time, timestamps, interval and mz_timestamp. Zones: the session's is always
// UTC.
#include <fmt/format.h>

#include "engine/functions/calendar.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

Cast cast(TypeId from, TypeId to, CastContext context, bool infallible,
          void (*kernel)(KernelCall&)) {
  return {from,
          to,
          context,
          {.name = {}, .takes = {from}, .gives = to, .infallible = infallible, .kernel = kernel}};
}

// To the digits of timestamp(p), half up.
std::int64_t round_to_precision(std::int64_t timestamp, const Type& type) {
  const std::int32_t precision = type.modifier();
  if (precision == Type::no_modifier || precision >= 6) return timestamp;
  std::int64_t unit = 1;
  for (std::int32_t digit = precision; digit < 6; ++digit) unit *= 10;
  const std::int64_t half = timestamp + unit / 2;
  const std::int64_t below = half >= 0 ? half / unit : -((-half + unit - 1) / unit);
  return check_timestamp(static_cast<__int128>(below) * unit);
}

void timestamp_kernel(KernelCall& call) {
  const Type type = call.result_type();
  compute<std::int64_t(std::int64_t)>(
      call, [&](std::int64_t value) { return round_to_precision(value, type); });
}

void date_to_timestamp_kernel(KernelCall& call) {
  compute<std::int64_t(std::int32_t)>(
      call, [](std::int32_t days) noexcept { return days * microseconds_per_day; });
}

std::uint64_t to_mz_timestamp(std::int64_t timestamp) {
  const std::int64_t milliseconds =
      day_of(timestamp) * 86'400'000 + time_of(timestamp) / 1'000 + epoch_seconds * 1'000;
  if (milliseconds < 0) {
    throw SqlError(sqlstate::datetime_field_overflow,
                   fmt::format("{} mz_timestamp out of range", milliseconds));
  }
  return static_cast<std::uint64_t>(milliseconds);
}

std::int64_t from_mz_timestamp(std::uint64_t milliseconds) {
  return check_timestamp((static_cast<__int128>(milliseconds) - epoch_seconds * 1'000) * 1'000);
}

template <class From>
void integer_to_mz_timestamp_kernel(KernelCall& call) {
  compute<std::uint64_t(From)>(call, [](From value) {
    if constexpr (std::is_signed_v<From>) {
      if (value < 0) {
        throw SqlError(sqlstate::numeric_value_out_of_range,
                       fmt::format("\"{}\" mz_timestamp out of range", value));
      }
    }
    return static_cast<std::uint64_t>(value);
  });
}

}  // namespace

std::vector<Cast> date_casts() {
  using enum CastContext;
  std::vector<Cast> out;
  for (const TypeId to : {TypeId::timestamp, TypeId::timestamptz}) {
    out.push_back(cast(TypeId::date, to, implicit, true, date_to_timestamp_kernel));
    out.push_back(cast(to, TypeId::date, assignment, true, [](KernelCall& call) {
      compute<std::int32_t(std::int64_t)>(call, [](std::int64_t value) noexcept {
        return static_cast<std::int32_t>(day_of(value));
      });
    }));
    out.push_back(cast(to, TypeId::time, assignment, true, [](KernelCall& call) {
      compute<std::int64_t(std::int64_t)>(
          call, [](std::int64_t value) noexcept { return time_of(value); });
    }));
    out.push_back(cast(to, TypeId::mz_timestamp, implicit, false, [](KernelCall& call) {
      compute<std::uint64_t(std::int64_t)>(call, to_mz_timestamp);
    }));
    out.push_back(cast(TypeId::mz_timestamp, to, assignment, false, [](KernelCall& call) {
      compute<std::int64_t(std::uint64_t)>(call, from_mz_timestamp);
    }));
    out.push_back(cast(to, to, assignment, false, timestamp_kernel));
  }
  out.push_back(cast(TypeId::timestamp, TypeId::timestamptz, implicit, false, timestamp_kernel));
  out.push_back(cast(TypeId::timestamptz, TypeId::timestamp, assignment, false, timestamp_kernel));
  out.push_back(cast(TypeId::date, TypeId::mz_timestamp, implicit, false, [](KernelCall& call) {
    compute<std::uint64_t(std::int32_t)>(
        call, [](std::int32_t days) { return to_mz_timestamp(days * microseconds_per_day); });
  }));
  out.push_back(cast(TypeId::time, TypeId::interval, implicit, true, [](KernelCall& call) {
    compute<Interval(std::int64_t)>(
        call, [](std::int64_t time) noexcept { return Interval{.microseconds = time}; });
  }));
  out.push_back(cast(TypeId::interval, TypeId::time, assignment, true, [](KernelCall& call) {
    compute<std::int64_t(Interval)>(call, [](const Interval& value) noexcept {
      const std::int64_t rest = value.microseconds % microseconds_per_day;
      return rest < 0 ? rest + microseconds_per_day : rest;
    });
  }));
  out.push_back(cast(TypeId::int4, TypeId::mz_timestamp, implicit, false,
                     integer_to_mz_timestamp_kernel<std::int32_t>));
  out.push_back(cast(TypeId::int8, TypeId::mz_timestamp, implicit, false,
                     integer_to_mz_timestamp_kernel<std::int64_t>));
  out.push_back(cast(TypeId::uint4, TypeId::mz_timestamp, implicit, true,
                     integer_to_mz_timestamp_kernel<std::uint32_t>));
  out.push_back(cast(TypeId::uint8, TypeId::mz_timestamp, implicit, true,
                     integer_to_mz_timestamp_kernel<std::uint64_t>));
  out.push_back(cast(TypeId::numeric, TypeId::mz_timestamp, implicit, false, [](KernelCall& call) {
    compute<std::uint64_t(Numeric)>(call, [](const Numeric& value) {
      if (!value.is_finite() || value.is_negative() || value.scale() > 0 ||
          value > Numeric::from_uint(std::numeric_limits<std::uint64_t>::max())) {
        throw SqlError(sqlstate::numeric_value_out_of_range,
                       fmt::format("\"{}\" mz_timestamp out of range", value.to_string()));
      }
      return value.to_uint8();
    });
  }));
  return out;
}

}  // namespace tailrace::engine
