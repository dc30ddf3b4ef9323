// Casts among date, time, timestamps, interval and mz_timestamp. Zones: the session's is always
// UTC.
#include <fmt/format.h>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/datetime.hpp"

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
  return type.modifier() == Type::no_modifier ? timestamp
                                              : round_timestamp(timestamp, type.modifier());
}

void timestamp_kernel(KernelCall& call) {
  const Type type = call.result_type();
  compute<std::int64_t(std::int64_t)>(
      call, [&](std::int64_t value) { return round_to_precision(value, type); });
}

void date_to_timestamp_kernel(KernelCall& call) {
  compute<std::int64_t(std::int32_t)>(call,
                                      [](std::int32_t days) { return date_to_timestamp(days); });
}

std::uint64_t to_mz_timestamp(std::int64_t timestamp) {
  const std::optional<std::uint64_t> milliseconds = milliseconds_from_timestamp(timestamp);
  if (!milliseconds) throw SqlError(sqlstate::datetime_field_overflow, "mz_timestamp out of range");
  return *milliseconds;
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
      compute<std::int32_t(std::int64_t)>(
          call, [](std::int64_t value) { return timestamp_to_date(value); });
    }));
    out.push_back(cast(to, TypeId::time, assignment, true, [](KernelCall& call) {
      compute<std::int64_t(std::int64_t)>(
          call, [](std::int64_t value) { return timestamp_to_time(value); });
    }));
    out.push_back(cast(to, TypeId::mz_timestamp, implicit, false, [](KernelCall& call) {
      compute<std::uint64_t(std::int64_t)>(call, to_mz_timestamp);
    }));
    out.push_back(cast(TypeId::mz_timestamp, to, assignment, false, [](KernelCall& call) {
      compute<std::int64_t(std::uint64_t)>(call, timestamp_from_milliseconds);
    }));
    out.push_back(cast(to, to, assignment, false, timestamp_kernel));
  }
  out.push_back(cast(TypeId::timestamp, TypeId::timestamptz, implicit, false, timestamp_kernel));
  out.push_back(cast(TypeId::timestamptz, TypeId::timestamp, assignment, false, timestamp_kernel));
  out.push_back(cast(TypeId::date, TypeId::mz_timestamp, implicit, false, [](KernelCall& call) {
    compute<std::uint64_t(std::int32_t)>(
        call, [](std::int32_t days) { return to_mz_timestamp(date_to_timestamp(days)); });
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
