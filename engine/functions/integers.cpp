// Arithmetic and bit operators of the six integer types, with the dialect's overflow rules.
#include <fmt/format.h>

#include <limits>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

template <class T>
struct Names;
template <>
struct Names<std::int16_t> {
  static constexpr TypeId type = TypeId::int2;
  static constexpr std::string_view name = "smallint";
};
template <>
struct Names<std::int32_t> {
  static constexpr TypeId type = TypeId::int4;
  static constexpr std::string_view name = "integer";
};
template <>
struct Names<std::int64_t> {
  static constexpr TypeId type = TypeId::int8;
  static constexpr std::string_view name = "bigint";
};
template <>
struct Names<std::uint16_t> {
  static constexpr TypeId type = TypeId::uint2;
  static constexpr std::string_view name = "uint2";
};
template <>
struct Names<std::uint32_t> {
  static constexpr TypeId type = TypeId::uint4;
  static constexpr std::string_view name = "uint4";
};
template <>
struct Names<std::uint64_t> {
  static constexpr TypeId type = TypeId::uint8;
  static constexpr std::string_view name = "uint8";
};

[[noreturn]] void throw_division_by_zero() {
  throw SqlError(sqlstate::division_by_zero, "division by zero");
}

template <class T>
[[noreturn]] void throw_out_of_range(T a, std::string_view op, T b) {
  if constexpr (std::is_signed_v<T>) {
    throw SqlError(sqlstate::numeric_value_out_of_range, "numeric field overflow");
  } else {
    throw SqlError(sqlstate::numeric_value_out_of_range,
                   fmt::format("\"{} {} {}\" {} out of range", a, op, b, Names<T>::name));
  }
}

template <class T>
void add_kernel(KernelCall& call) {
  compute<T(T, T)>(call, [](T a, T b) {
    T result;
    if (__builtin_add_overflow(a, b, &result)) throw_out_of_range(a, "+", b);
    return result;
  });
}

template <class T>
void subtract_kernel(KernelCall& call) {
  compute<T(T, T)>(call, [](T a, T b) {
    T result;
    if (__builtin_sub_overflow(a, b, &result)) throw_out_of_range(a, "-", b);
    return result;
  });
}

template <class T>
void multiply_kernel(KernelCall& call) {
  compute<T(T, T)>(call, [](T a, T b) {
    T result;
    if (__builtin_mul_overflow(a, b, &result)) throw_out_of_range(a, "*", b);
    return result;
  });
}

template <class T>
void divide_kernel(KernelCall& call) {
  compute<T(T, T)>(call, [](T a, T b) {
    if (b == 0) throw_division_by_zero();
    if constexpr (std::is_signed_v<T>) {
      if (b == -1 && a == std::numeric_limits<T>::min()) {
        throw SqlError(sqlstate::numeric_value_out_of_range,
                       fmt::format("\"{} / -1\" {} out of range", a, Names<T>::name));
      }
    }
    return static_cast<T>(a / b);
  });
}

template <class T>
void modulo_kernel(KernelCall& call) {
  compute<T(T, T)>(call, [](T a, T b) {
    if (b == 0) throw_division_by_zero();
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return T{0};  // the machine traps on the minimum
    }
    return static_cast<T>(a % b);
  });
}

template <class T>
T negated(T value) {
  if (value == std::numeric_limits<T>::min()) {
    throw SqlError(sqlstate::numeric_value_out_of_range,
                   fmt::format("\"{}\" {} out of range", value, Names<T>::name));
  }
  return static_cast<T>(-value);
}

// A shift count counts modulo the width of the register: 32 bits, 64 for the 8-byte types.
template <class T>
unsigned shift_of(std::int64_t count) noexcept {
  constexpr unsigned width = sizeof(T) == 8 ? 64 : 32;
  return static_cast<unsigned>(static_cast<std::uint64_t>(count) % width);
}

template <class T, class Count>
void shift_left_kernel(KernelCall& call) {
  compute<T(T, Count)>(call, [](T value, Count count) noexcept {
    return static_cast<T>(static_cast<std::uint64_t>(static_cast<std::int64_t>(value))
                          << shift_of<T>(count));
  });
}

template <class T, class Count>
void shift_right_kernel(KernelCall& call) {
  compute<T(T, Count)>(call, [](T value, Count count) noexcept {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    return static_cast<T>(static_cast<Wide>(value) >> shift_of<T>(count));
  });
}

Function binary(std::string_view symbol, TypeId left, TypeId right, TypeId gives, bool infallible,
                std::string_view doc, std::string_view example, void (*kernel)(KernelCall&)) {
  return {.name = symbol,
          .takes = {left, right},
          .gives = gives,
          .infallible = infallible,
          .is_operator = true,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

template <class T>
void add_type(std::vector<Function>& out) {
  constexpr TypeId type = Names<T>::type;
  using Count = std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>;
  constexpr TypeId count = Names<Count>::type;
  out.push_back(binary("+", type, type, type, false, "The sum.", "1 + 2 = 3", add_kernel<T>));
  out.push_back(
      binary("-", type, type, type, false, "The difference.", "3 - 2 = 1", subtract_kernel<T>));
  out.push_back(
      binary("*", type, type, type, false, "The product.", "2 * 3 = 6", multiply_kernel<T>));
  out.push_back(binary("/", type, type, type, false, "The quotient, cut toward zero.",
                       "-7 / 2 = -3", divide_kernel<T>));
  out.push_back(binary("%", type, type, type, false,
                       "The remainder, with the sign of the dividend.", "-7 % 2 = -1",
                       modulo_kernel<T>));
  out.push_back({.name = "mod",
                 .takes = {type, type},
                 .gives = type,
                 .doc = "The remainder, with the sign of the dividend.",
                 .example = "mod(7, 4) = 3",
                 .kernel = modulo_kernel<T>});
  out.push_back(binary(
      "&", type, type, type, true, "The bits set in both.", "6 & 3 = 2", [](KernelCall& call) {
        compute<T(T, T)>(call, [](T a, T b) noexcept { return static_cast<T>(a & b); });
      }));
  out.push_back(binary(
      "|", type, type, type, true, "The bits set in either.", "6 | 3 = 7", [](KernelCall& call) {
        compute<T(T, T)>(call, [](T a, T b) noexcept { return static_cast<T>(a | b); });
      }));
  out.push_back(binary(
      "#", type, type, type, true, "The bits set in just one.", "6 # 3 = 5", [](KernelCall& call) {
        compute<T(T, T)>(call, [](T a, T b) noexcept { return static_cast<T>(a ^ b); });
      }));
  out.push_back(binary("<<", type, count, type, true, "The bits moved to the left.", "1 << 4 = 16",
                       shift_left_kernel<T, Count>));
  out.push_back(binary(">>", type, count, type, true,
                       "The bits moved to the right, keeping the sign.", "-8 >> 2 = -2",
                       shift_right_kernel<T, Count>));
  out.push_back({.name = "~",
                 .takes = {type},
                 .gives = type,
                 .infallible = true,
                 .is_operator = true,
                 .doc = "All bits inverted.",
                 .example = "~ 1 = -2",
                 .kernel = [](KernelCall& call) {
                   compute<T(T)>(call, [](T value) noexcept { return static_cast<T>(~value); });
                 }});
  out.push_back({.name = "+",
                 .takes = {type},
                 .gives = type,
                 .infallible = true,
                 .is_operator = true,
                 .doc = "The value itself.",
                 .example = "+ 1 = 1",
                 .kernel = [](KernelCall& call) {
                   compute<T(T)>(call, [](T value) noexcept { return value; });
                 }});
  if constexpr (std::is_signed_v<T>) {
    out.push_back({.name = "-",
                   .takes = {type},
                   .gives = type,
                   .is_operator = true,
                   .doc = "The value with the other sign.",
                   .example = "- (1) = -1",
                   .kernel = [](KernelCall& call) { compute<T(T)>(call, negated<T>); }});
    out.push_back({.name = "abs",
                   .takes = {type},
                   .gives = type,
                   .doc = "The value without its sign.",
                   .example = "abs(-3) = 3",
                   .kernel = [](KernelCall& call) {
                     compute<T(T)>(call,
                                   [](T value) { return value < 0 ? negated(value) : value; });
                   }});
  }
}

}  // namespace

std::vector<Function> integer_functions() {
  std::vector<Function> out;
  add_type<std::int16_t>(out);
  add_type<std::int32_t>(out);
  add_type<std::int64_t>(out);
  add_type<std::uint16_t>(out);
  add_type<std::uint32_t>(out);
  add_type<std::uint64_t>(out);
  return out;
}

}  // namespace tailrace::engine
