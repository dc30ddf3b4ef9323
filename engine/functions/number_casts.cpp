// Casts among booleans, integers, floats, numeric and oids.
#include <fmt/format.h>
#include <cmath>
#include <limits>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

template <class T>
struct TypeOf;
template <>
struct TypeOf<std::int16_t> {
  static constexpr TypeId id = TypeId::int2;
  static constexpr std::string_view name = "smallint";
};
template <>
struct TypeOf<std::int32_t> {
  static constexpr TypeId id = TypeId::int4;
  static constexpr std::string_view name = "integer";
};
template <>
struct TypeOf<std::int64_t> {
  static constexpr TypeId id = TypeId::int8;
  static constexpr std::string_view name = "bigint";
};
template <>
struct TypeOf<std::uint16_t> {
  static constexpr TypeId id = TypeId::uint2;
  static constexpr std::string_view name = "uint2";
};
template <>
struct TypeOf<std::uint32_t> {
  static constexpr TypeId id = TypeId::uint4;
  static constexpr std::string_view name = "uint4";
};
template <>
struct TypeOf<std::uint64_t> {
  static constexpr TypeId id = TypeId::uint8;
  static constexpr std::string_view name = "uint8";
};
template <>
struct TypeOf<float> {
  static constexpr TypeId id = TypeId::float4;
  static constexpr std::string_view name = "real";
};
template <>
struct TypeOf<double> {
  static constexpr TypeId id = TypeId::float8;
  static constexpr std::string_view name = "double precision";
};

[[noreturn]] void throw_out_of_range(std::string_view value, std::string_view type) {
  throw SqlError(sqlstate::numeric_value_out_of_range,
                 fmt::format("\"{}\" {} out of range", value, type));
}

template <class From, class To>
void integer_kernel(KernelCall& call) {
  if constexpr (std::in_range<To>(std::numeric_limits<From>::min()) &&
                std::in_range<To>(std::numeric_limits<From>::max())) {
    compute<To(From)>(call, [](From value) noexcept { return static_cast<To>(value); });
  } else {
    compute<To(From)>(call, [](From value) {
      if (!std::in_range<To>(value)) throw_out_of_range(fmt::to_string(value), TypeOf<To>::name);
      return static_cast<To>(value);
    });
  }
}

template <class From, class To>
void float_to_integer_kernel(KernelCall& call) {
  compute<To(From)>(call, [](From value) {
    const double rounded = std::nearbyint(static_cast<double>(value));
    const double below = static_cast<double>(std::numeric_limits<To>::min());
    const double above = std::ldexp(1.0, std::numeric_limits<To>::digits);  // max + 1, exactly
    if (!(rounded >= below && rounded < above)) {
      throw_out_of_range(to_text(TypeOf<From>::id, Value(value), {.flavour = TextFlavour::cast}),
                         TypeOf<To>::name);
    }
    return static_cast<To>(rounded);
  });
}

template <class From>
Numeric numeric_from(From value) {
  if constexpr (std::is_same_v<From, float> || std::is_same_v<From, double>) {
    if (std::isinf(value)) {
      throw SqlError(
          sqlstate::numeric_value_out_of_range,
          fmt::format("function casting {} to numeric is only defined for finite arguments",
                      TypeOf<From>::name));
    }
    if (std::fabs(value) >= From(1e39))
      throw SqlError(sqlstate::numeric_value_out_of_range, "numeric field overflow");
    return std::is_same_v<From, float> ? Numeric::from_float(static_cast<float>(value))
                                       : Numeric::from_double(value);
  } else if constexpr (std::is_signed_v<From>) {
    return Numeric::from_int(value);
  } else {
    return Numeric::from_uint(value);
  }
}

Numeric fit(const Numeric& value, const Type& type) {
  const std::optional<int> scale = type.numeric_scale();
  return scale ? value.coerced(*scale) : value;
}

template <class From>
void to_numeric_kernel(KernelCall& call) {
  const Type type = call.result_type();
  if (!type.numeric_scale()) {
    compute<Numeric(From)>(call, numeric_from<From>);
  } else {
    compute<Numeric(From)>(call, [&](From value) { return fit(numeric_from(value), type); });
  }
}

template <class To>
void numeric_to_integer_kernel(KernelCall& call) {
  compute<To(Numeric)>(call, [](const Numeric& value) {
    try {
      if constexpr (std::is_signed_v<To>) {
        const std::int64_t wide = value.to_int8();
        if (std::in_range<To>(wide)) return static_cast<To>(wide);
      } else {
        const std::uint64_t wide = value.to_uint8();
        if (std::in_range<To>(wide)) return static_cast<To>(wide);
      }
    } catch (const SqlError&) {
      // Said below, naming this type.
    }
    throw_out_of_range(value.to_string(), TypeOf<To>::name);
  });
}

float narrowed(double value) {
  const float result = static_cast<float>(value);
  if (std::isinf(result) && !std::isinf(value)) {
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  }
  if (result == 0 && value != 0)
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  return result;
}

Cast cast(TypeId from, TypeId to, CastContext context, bool infallible,
          void (*kernel)(KernelCall&)) {
  return {from,
          to,
          context,
          {.name = {}, .takes = {from}, .gives = to, .infallible = infallible, .kernel = kernel}};
}

template <class From, class To>
void add_integer_cast(std::vector<Cast>& out, CastContext context) {
  constexpr bool infallible = std::in_range<To>(std::numeric_limits<From>::min()) &&
                              std::in_range<To>(std::numeric_limits<From>::max());
  out.push_back(
      cast(TypeOf<From>::id, TypeOf<To>::id, context, infallible, integer_kernel<From, To>));
}

template <class From>
void add_from_integer(std::vector<Cast>& out) {
  constexpr TypeId from = TypeOf<From>::id;
  out.push_back(cast(from, TypeId::float4, CastContext::implicit, true, [](KernelCall& call) {
    compute<float(From)>(call, [](From value) noexcept { return static_cast<float>(value); });
  }));
  out.push_back(cast(from, TypeId::float8, CastContext::implicit, true, [](KernelCall& call) {
    compute<double(From)>(call, [](From value) noexcept { return static_cast<double>(value); });
  }));
  out.push_back(cast(from, TypeId::numeric, CastContext::implicit, true, to_numeric_kernel<From>));
  out.push_back(cast(TypeId::float4, from, CastContext::assignment, false,
                     float_to_integer_kernel<float, From>));
  out.push_back(cast(TypeId::float8, from, CastContext::assignment, false,
                     float_to_integer_kernel<double, From>));
  out.push_back(
      cast(TypeId::numeric, from, CastContext::assignment, false, numeric_to_integer_kernel<From>));
}

void add_between_integers(std::vector<Cast>& out) {
  using enum CastContext;
  add_integer_cast<std::int16_t, std::int32_t>(out, implicit);
  add_integer_cast<std::int16_t, std::int64_t>(out, implicit);
  add_integer_cast<std::int16_t, std::uint16_t>(out, assignment);
  add_integer_cast<std::int16_t, std::uint32_t>(out, assignment);
  add_integer_cast<std::int16_t, std::uint64_t>(out, assignment);
  add_integer_cast<std::int32_t, std::int16_t>(out, assignment);
  add_integer_cast<std::int32_t, std::int64_t>(out, implicit);
  add_integer_cast<std::int32_t, std::uint16_t>(out, assignment);
  add_integer_cast<std::int32_t, std::uint32_t>(out, assignment);
  add_integer_cast<std::int32_t, std::uint64_t>(out, assignment);
  add_integer_cast<std::int64_t, std::int16_t>(out, assignment);
  add_integer_cast<std::int64_t, std::int32_t>(out, assignment);
  add_integer_cast<std::int64_t, std::uint16_t>(out, assignment);
  add_integer_cast<std::int64_t, std::uint32_t>(out, assignment);
  add_integer_cast<std::int64_t, std::uint64_t>(out, assignment);
  add_integer_cast<std::uint16_t, std::uint32_t>(out, implicit);
  add_integer_cast<std::uint16_t, std::uint64_t>(out, implicit);
  add_integer_cast<std::uint16_t, std::int32_t>(out, implicit);
  add_integer_cast<std::uint16_t, std::int64_t>(out, implicit);
  add_integer_cast<std::uint16_t, std::int16_t>(out, assignment);
  add_integer_cast<std::uint32_t, std::uint64_t>(out, implicit);
  add_integer_cast<std::uint32_t, std::int64_t>(out, implicit);
  add_integer_cast<std::uint32_t, std::uint16_t>(out, assignment);
  add_integer_cast<std::uint32_t, std::int16_t>(out, assignment);
  add_integer_cast<std::uint32_t, std::int32_t>(out, assignment);
  add_integer_cast<std::uint64_t, std::uint16_t>(out, assignment);
  add_integer_cast<std::uint64_t, std::uint32_t>(out, assignment);
  add_integer_cast<std::uint64_t, std::int16_t>(out, assignment);
  add_integer_cast<std::uint64_t, std::int32_t>(out, assignment);
  add_integer_cast<std::uint64_t, std::int64_t>(out, assignment);
}

}  // namespace

std::vector<Cast> number_casts() {
  using enum CastContext;
  std::vector<Cast> out;
  add_between_integers(out);
  add_from_integer<std::int16_t>(out);
  add_from_integer<std::int32_t>(out);
  add_from_integer<std::int64_t>(out);
  add_from_integer<std::uint16_t>(out);
  add_from_integer<std::uint32_t>(out);
  add_from_integer<std::uint64_t>(out);
  out.push_back(cast(TypeId::float4, TypeId::float8, implicit, true, [](KernelCall& call) {
    compute<double(float)>(call, [](float value) noexcept { return static_cast<double>(value); });
  }));
  out.push_back(cast(TypeId::float8, TypeId::float4, assignment, false,
                     [](KernelCall& call) { compute<float(double)>(call, narrowed); }));
  out.push_back(cast(TypeId::float4, TypeId::numeric, assignment, false, to_numeric_kernel<float>));
  out.push_back(
      cast(TypeId::float8, TypeId::numeric, assignment, false, to_numeric_kernel<double>));
  out.push_back(cast(TypeId::numeric, TypeId::float8, implicit, true, [](KernelCall& call) {
    compute<double(Numeric)>(call, [](const Numeric& value) { return value.to_double(); });
  }));
  out.push_back(cast(TypeId::numeric, TypeId::float4, implicit, false, [](KernelCall& call) {
    compute<float(Numeric)>(call, [](const Numeric& value) {
      const float result = static_cast<float>(value.to_double());
      if (std::isinf(result))
        throw SqlError(sqlstate::numeric_value_out_of_range, "real out of range");
      return result;
    });
  }));
  out.push_back(cast(TypeId::numeric, TypeId::numeric, assignment, false, [](KernelCall& call) {
    compute<Numeric(Numeric)>(call,
                              [&](const Numeric& value) { return fit(value, call.result_type()); });
  }));
  out.push_back(cast(TypeId::boolean, TypeId::int4, explicit_, true, [](KernelCall& call) {
    compute<std::int32_t(bool)>(call, [](bool value) noexcept { return value ? 1 : 0; });
  }));
  out.push_back(cast(TypeId::boolean, TypeId::int8, explicit_, true, [](KernelCall& call) {
    compute<std::int64_t(bool)>(call, [](bool value) noexcept { return value ? 1 : 0; });
  }));
  out.push_back(cast(TypeId::int4, TypeId::boolean, explicit_, true, [](KernelCall& call) {
    compute<bool(std::int32_t)>(call, [](std::int32_t value) noexcept { return value != 0; });
  }));
  out.push_back(cast(TypeId::int8, TypeId::boolean, explicit_, true, [](KernelCall& call) {
    compute<bool(std::int64_t)>(call, [](std::int64_t value) noexcept { return value != 0; });
  }));
  return out;
}

std::vector<Cast> oid_casts() {
  using enum CastContext;
  std::vector<Cast> out;
  for (const TypeId to : {TypeId::oid, TypeId::regproc, TypeId::regclass, TypeId::regtype}) {
    out.push_back(cast(TypeId::int2, to, implicit, true, [](KernelCall& call) {
      compute<std::uint32_t(std::int16_t)>(
          call, [](std::int16_t v) noexcept { return static_cast<std::uint32_t>(v); });
    }));
    out.push_back(cast(TypeId::int4, to, implicit, true, [](KernelCall& call) {
      compute<std::uint32_t(std::int32_t)>(
          call, [](std::int32_t v) noexcept { return static_cast<std::uint32_t>(v); });
    }));
    out.push_back(cast(TypeId::int8, to, implicit, false, [](KernelCall& call) {
      compute<std::uint32_t(std::int64_t)>(call, [](std::int64_t v) {
        if (!std::in_range<std::uint32_t>(v)) throw_out_of_range(fmt::to_string(v), "OID");
        return static_cast<std::uint32_t>(v);
      });
    }));
    out.push_back(cast(to, TypeId::int4, assignment, true, [](KernelCall& call) {
      compute<std::int32_t(std::uint32_t)>(
          call, [](std::uint32_t v) noexcept { return static_cast<std::int32_t>(v); });
    }));
    out.push_back(cast(to, TypeId::int8, assignment, true, [](KernelCall& call) {
      compute<std::int64_t(std::uint32_t)>(
          call, [](std::uint32_t v) noexcept { return static_cast<std::int64_t>(v); });
    }));
    if (to == TypeId::oid) continue;
    const auto same = [](KernelCall& call) {
      compute<std::uint32_t(std::uint32_t)>(call, [](std::uint32_t v) noexcept { return v; });
    };
    out.push_back(cast(TypeId::oid, to, assignment, true, same));
    out.push_back(cast(to, TypeId::oid, implicit, true, same));
  }
  return out;
}

}  // namespace tailrace::engine
