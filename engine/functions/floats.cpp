// Arithmetic and mathematics of real and double precision.
#include <fmt/format.h>
#include <cmath>
#include <numbers>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

template <class T>
constexpr TypeId type_of = std::is_same_v<T, float> ? TypeId::float4 : TypeId::float8;

[[noreturn]] void throw_overflow() {
  throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
}
[[noreturn]] void throw_underflow() {
  throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
}
[[noreturn]] void throw_undefined(std::string message) {
  throw SqlError(sqlstate::numeric_value_out_of_range, std::move(message));
}

template <class T>
T checked_sum(T a, T b, T result) {
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) throw_overflow();
  return result;
}

template <class T>
T multiply(T a, T b) {
  const T result = a * b;
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) throw_overflow();
  if (result == 0 && a != 0 && b != 0) throw_underflow();
  return result;
}

template <class T>
T divide(T a, T b) {
  if (b == 0 && !std::isnan(a)) throw SqlError(sqlstate::division_by_zero, "division by zero");
  const T result = a / b;
  if (std::isinf(result) && !std::isinf(a)) throw_overflow();
  if (result == 0 && a != 0 && !std::isinf(b)) throw_underflow();
  return result;
}

template <class T>
T modulo(T a, T b) {
  if (b == 0 && !std::isnan(a)) throw SqlError(sqlstate::division_by_zero, "division by zero");
  return std::fmod(a, b);
}

Function binary(std::string_view symbol, TypeId type, std::string_view doc,
                std::string_view example, void (*kernel)(KernelCall&)) {
  return {.name = symbol,
          .takes = {type, type},
          .gives = type,
          .is_operator = true,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

Function unary(std::string_view name, TypeId type, bool infallible, std::string_view doc,
               std::string_view example, void (*kernel)(KernelCall&)) {
  return {.name = name,
          .takes = {type},
          .gives = type,
          .infallible = infallible,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

template <class T>
void add_arithmetic(std::vector<Function>& out) {
  constexpr TypeId type = type_of<T>;
  out.push_back(binary("+", type, "The sum.", "1.5::float8 + 2 = 3.5", [](KernelCall& call) {
    compute<T(T, T)>(call, [](T a, T b) { return checked_sum(a, b, a + b); });
  }));
  out.push_back(binary("-", type, "The difference.", "3.5::float8 - 2 = 1.5", [](KernelCall& call) {
    compute<T(T, T)>(call, [](T a, T b) { return checked_sum(a, b, a - b); });
  }));
  out.push_back(binary("*", type, "The product.", "1.5::float8 * 2 = 3",
                       [](KernelCall& call) { compute<T(T, T)>(call, multiply<T>); }));
  out.push_back(binary("/", type, "The quotient.", "3::float8 / 2 = 1.5",
                       [](KernelCall& call) { compute<T(T, T)>(call, divide<T>); }));
  out.push_back(binary("%", type, "The remainder, with the sign of the dividend.",
                       "7.5::float8 % 2 = 1.5",
                       [](KernelCall& call) { compute<T(T, T)>(call, modulo<T>); }));
  out.push_back({.name = "mod",
                 .takes = {type, type},
                 .gives = type,
                 .doc = "The remainder, with the sign of the dividend.",
                 .example = "mod(7.5::float8, 2::float8) = 1.5",
                 .kernel = [](KernelCall& call) { compute<T(T, T)>(call, modulo<T>); }});
  Function negate =
      unary("-", type, true, "The value with the other sign.", "- (1.5::float8) = -1.5",
            [](KernelCall& call) { compute<T(T)>(call, [](T value) noexcept { return -value; }); });
  negate.is_operator = true;
  out.push_back(std::move(negate));
  Function plus =
      unary("+", type, true, "The value itself.", "+ 1.5::float8 = 1.5",
            [](KernelCall& call) { compute<T(T)>(call, [](T value) noexcept { return value; }); });
  plus.is_operator = true;
  out.push_back(std::move(plus));
  out.push_back(unary(
      "abs", type, true, "The value without its sign.", "abs(-1.5::float8) = 1.5",
      [](KernelCall& call) { compute<T(T)>(call, [](T v) noexcept { return std::fabs(v); }); }));
  for (const std::string_view name : {"ceil", "ceiling"}) {
    out.push_back(unary(
        name, type, true, "The least whole number not below the value.", "ceil(1.2::float8) = 2",
        [](KernelCall& call) { compute<T(T)>(call, [](T v) noexcept { return std::ceil(v); }); }));
  }
  out.push_back(unary("floor", type, true, "The greatest whole number not above the value.",
                      "floor(-1.2::float8) = -2", [](KernelCall& call) {
                        compute<T(T)>(call, [](T v) noexcept { return std::floor(v); });
                      }));
  out.push_back(unary(
      "trunc", type, true, "The value cut toward zero.", "trunc(-1.7::float8) = -1",
      [](KernelCall& call) { compute<T(T)>(call, [](T v) noexcept { return std::trunc(v); }); }));
  out.push_back(unary("round", type, true, "The nearest whole number, ties to even.",
                      "round(2.5::float8) = 2", [](KernelCall& call) {
                        compute<T(T)>(call, [](T v) noexcept { return std::nearbyint(v); });
                      }));
}

double checked(double argument, double result) {
  if (std::isinf(result) && !std::isinf(argument)) throw_overflow();
  return result;
}

template <double (*function)(double)>
void finite_kernel(KernelCall& call, std::string_view name) {
  compute<double(double)>(call, [name](double value) {
    if (std::isinf(value))
      throw_undefined(fmt::format("function {} is only defined for finite arguments", name));
    return function(value);
  });
}

void check_unit_interval(double value, std::string_view name) {
  if (value < -1 || value > 1) {
    throw_undefined(
        fmt::format("function {} is defined for numbers between -1 and 1 inclusive", name));
  }
}

template <double (*function)(double)>
void unit_kernel(KernelCall& call, std::string_view name) {
  compute<double(double)>(call, [name](double value) {
    check_unit_interval(value, name);
    return function(value);
  });
}

double logarithm(double value, double (*function)(double), std::string_view name) {
  if (value == 0) throw_undefined(fmt::format("function {} is not defined for zero", name));
  if (value < 0)
    throw_undefined(fmt::format("function {} is not defined for negative numbers", name));
  return function(value);
}

double power(double base, double exponent) {
  if (base == 0 && exponent < 0) throw_undefined("zero raised to a negative power is undefined");
  if (base < 0 && std::isfinite(exponent) && exponent != std::floor(exponent)) {
    throw_undefined("function pow cannot return complex numbers");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && !std::isinf(base) && !std::isinf(exponent)) throw_overflow();
  if (result == 0 && base != 0 && !std::isinf(base) && !std::isinf(exponent)) throw_underflow();
  return result;
}

void add_mathematics(std::vector<Function>& out) {
  constexpr TypeId type = TypeId::float8;
  out.push_back(
      unary("sqrt", type, false, "The square root.", "sqrt(16::float8) = 4", [](KernelCall& call) {
        compute<double(double)>(call, [](double v) {
          if (v < 0) throw_undefined("cannot take square root of a negative number");
          return std::sqrt(v);
        });
      }));
  out.push_back(
      unary("cbrt", type, true, "The cube root.", "cbrt(27::float8) = 3", [](KernelCall& call) {
        // In double it is off by one bit for 27.
        compute<double(double)>(call, [](double v) noexcept {
          return static_cast<double>(std::cbrt(static_cast<long double>(v)));
        });
      }));
  out.push_back(unary("exp", type, false, "e to the power of the value.", "exp(0::float8) = 1",
                      [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) {
                          const double result = checked(v, std::exp(v));
                          if (result == 0 && !std::isinf(v)) throw_underflow();
                          return result;
                        });
                      }));
  out.push_back(
      unary("ln", type, false, "The natural logarithm.", "ln(1::float8) = 0", [](KernelCall& call) {
        compute<double(double)>(call, [](double v) { return logarithm(v, std::log, "ln"); });
      }));
  out.push_back(unary("log", type, false, "The logarithm to base 10.", "log(100::float8) = 2",
                      [](KernelCall& call) {
                        compute<double(double)>(
                            call, [](double v) { return logarithm(v, std::log10, "log10"); });
                      }));
  out.push_back(unary("log10", type, false, "The logarithm to base 10.", "log10(100::float8) = 2",
                      [](KernelCall& call) {
                        compute<double(double)>(
                            call, [](double v) { return logarithm(v, std::log10, "log10"); });
                      }));
  for (const std::string_view name : {"power", "pow"}) {
    out.push_back(
        {.name = name,
         .takes = {type, type},
         .gives = type,
         .doc = "The first raised to the power of the second.",
         .example = "power(2::float8, 10::float8) = 1024",
         .kernel = [](KernelCall& call) { compute<double(double, double)>(call, power); }});
  }
  out.push_back(unary("sin", type, false, "The sine.", "sin(0::float8) = 0",
                      [](KernelCall& call) { finite_kernel<std::sin>(call, "sin"); }));
  out.push_back(unary("cos", type, false, "The cosine.", "cos(0::float8) = 1",
                      [](KernelCall& call) { finite_kernel<std::cos>(call, "cos"); }));
  out.push_back(unary("tan", type, false, "The tangent.", "tan(0::float8) = 0",
                      [](KernelCall& call) { finite_kernel<std::tan>(call, "tan"); }));
  out.push_back(unary("cot", type, false, "The cotangent.", "cot(0::float8) = 'Infinity'",
                      [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) {
                          if (std::isinf(v))
                            throw_undefined("function cot is only defined for finite arguments");
                          return 1.0 / std::tan(v);
                        });
                      }));
  out.push_back(unary("asin", type, false, "The arc sine.", "asin(0::float8) = 0",
                      [](KernelCall& call) { unit_kernel<std::asin>(call, "asin"); }));
  out.push_back(unary("acos", type, false, "The arc cosine.", "acos(1::float8) = 0",
                      [](KernelCall& call) { unit_kernel<std::acos>(call, "acos"); }));
  out.push_back(
      unary("atan", type, true, "The arc tangent.", "atan(0::float8) = 0", [](KernelCall& call) {
        compute<double(double)>(call, [](double v) noexcept { return std::atan(v); });
      }));
  out.push_back(unary("sinh", type, false, "The hyperbolic sine.", "sinh(0::float8) = 0",
                      [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) { return std::sinh(v); });
                      }));
  out.push_back(unary("cosh", type, false, "The hyperbolic cosine.", "cosh(0::float8) = 1",
                      [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) { return std::cosh(v); });
                      }));
  out.push_back(unary(
      "tanh", type, true, "The hyperbolic tangent.", "tanh(0::float8) = 0", [](KernelCall& call) {
        compute<double(double)>(call, [](double v) noexcept { return std::tanh(v); });
      }));
  out.push_back(unary("asinh", type, true, "The inverse hyperbolic sine.", "asinh(0::float8) = 0",
                      [](KernelCall& call) {
                        compute<double(double)>(call,
                                                [](double v) noexcept { return std::asinh(v); });
                      }));
  out.push_back(unary("acosh", type, false, "The inverse hyperbolic cosine.",
                      "acosh(1::float8) = 0", [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) {
                          if (v < 1)
                            throw_undefined(
                                "function acosh is defined for numbers greater than or equal to 1");
                          return std::acosh(v);
                        });
                      }));
  out.push_back(unary("atanh", type, false, "The inverse hyperbolic tangent.",
                      "atanh(0::float8) = 0",
                      [](KernelCall& call) { unit_kernel<std::atanh>(call, "atanh"); }));
  out.push_back(unary("radians", type, false, "Degrees as radians.", "radians(0::float8) = 0",
                      [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) {
                          return checked(v, v * (std::numbers::pi / 180));
                        });
                      }));
  out.push_back(unary("degrees", type, false, "Radians as degrees.", "degrees(0::float8) = 0",
                      [](KernelCall& call) {
                        compute<double(double)>(call, [](double v) {
                          return checked(v, v * (180 / std::numbers::pi));
                        });
                      }));
  out.push_back({.name = "atan2",
                 .takes = {type, type},
                 .gives = type,
                 .infallible = true,
                 .doc = "The arc tangent of y / x, in the quadrant of the point (x, y).",
                 .example = "atan2(0::float8, 1::float8) = 0",
                 .kernel = [](KernelCall& call) {
                   compute<double(double, double)>(
                       call, [](double y, double x) noexcept { return std::atan2(y, x); });
                 }});
  out.push_back({.name = "pi",
                 .takes = {},
                 .gives = type,
                 .infallible = true,
                 .doc = "The ratio of a circle's circumference to its diameter.",
                 .example = "round(pi()) = 3",
                 .kernel = [](KernelCall& call) {
                   compute<double()>(call, []() noexcept { return std::numbers::pi; });
                 }});
}

}  // namespace

std::vector<Function> float_functions() {
  std::vector<Function> out;
  add_arithmetic<float>(out);
  add_arithmetic<double>(out);
  add_mathematics(out);
  return out;
}

}  // namespace tailrace::engine
