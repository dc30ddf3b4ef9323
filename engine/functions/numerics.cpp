// Arithmetic and mathematics of numeric.
#include <boost/multiprecision/cpp_dec_float.hpp>

#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

constexpr std::int64_t powers_of_ten[] = {1,
                                          10,
                                          100,
                                          1'000,
                                          10'000,
                                          100'000,
                                          1'000'000,
                                          10'000'000,
                                          100'000'000,
                                          1'000'000'000,
                                          10'000'000'000,
                                          100'000'000'000,
                                          1'000'000'000'000,
                                          10'000'000'000'000,
                                          100'000'000'000'000,
                                          1'000'000'000'000'000,
                                          10'000'000'000'000'000,
                                          100'000'000'000'000'000,
                                          1'000'000'000'000'000'000};

// Both operands are scaled int64: computes in int64, and gives up (false) where that does not fit.
template <class Op>
bool compute_scaled(KernelCall& call, int scale, std::int64_t factor_a, std::int64_t factor_b,
                    const Op& op) {
  const Reader<std::int64_t> a(call[0]);
  const Reader<std::int64_t> b(call[1]);
  std::vector<std::byte> bytes(call.rows() * sizeof(std::int64_t));
  auto* const out = reinterpret_cast<std::int64_t*>(bytes.data());
  for (std::size_t row = 0; row < call.rows(); ++row) {
    if (!call.takes_part(row)) continue;
    std::int64_t left;
    std::int64_t right;
    if (__builtin_mul_overflow(a(row), factor_a, &left) ||
        __builtin_mul_overflow(b(row), factor_b, &right) || op(left, right, &out[row])) {
      return false;
    }
  }
  call.give(Column::from_fixed(call.result_type(), Layout::decimal64, scale, call.rows(),
                               std::move(bytes), {call.valid().begin(), call.valid().end()}));
  return true;
}

template <class Op>
bool compute_aligned(KernelCall& call, const Op& op) {
  const Column& a = *call[0].column;
  const Column& b = *call[1].column;
  if (a.layout() != Layout::decimal64 || b.layout() != Layout::decimal64) return false;
  const int scale = std::max(a.decimal_scale(), b.decimal_scale());
  const int up_a = scale - a.decimal_scale();
  const int up_b = scale - b.decimal_scale();
  if (up_a > 18 || up_b > 18) return false;
  return compute_scaled(call, scale, powers_of_ten[up_a], powers_of_ten[up_b], op);
}

void add_kernel(KernelCall& call) {
  const auto op = [](std::int64_t a, std::int64_t b, std::int64_t* out) {
    return __builtin_add_overflow(a, b, out);
  };
  if (compute_aligned(call, op)) return;
  compute<Numeric(Numeric, Numeric)>(call,
                                     [](const Numeric& a, const Numeric& b) { return a + b; });
}

void subtract_kernel(KernelCall& call) {
  const auto op = [](std::int64_t a, std::int64_t b, std::int64_t* out) {
    return __builtin_sub_overflow(a, b, out);
  };
  if (compute_aligned(call, op)) return;
  compute<Numeric(Numeric, Numeric)>(call,
                                     [](const Numeric& a, const Numeric& b) { return a - b; });
}

void multiply_kernel(KernelCall& call) {
  const Column& a = *call[0].column;
  const Column& b = *call[1].column;
  const bool scaled = a.layout() == Layout::decimal64 && b.layout() == Layout::decimal64 &&
                      a.decimal_scale() + b.decimal_scale() <= 39;
  const auto op = [](std::int64_t x, std::int64_t y, std::int64_t* out) {
    return __builtin_mul_overflow(x, y, out);
  };
  if (scaled && compute_scaled(call, a.decimal_scale() + b.decimal_scale(), 1, 1, op)) return;
  compute<Numeric(Numeric, Numeric)>(call,
                                     [](const Numeric& x, const Numeric& y) { return x * y; });
}

// More digits than a result has, so that its rounding is right.
using Decimal = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<80>>;

Decimal decimal_of(const Numeric& value) {
  return Decimal(value.to_string());
}

Numeric numeric_of(const Decimal& value) {
  if (value != 0 && abs(value) < Decimal("1e-39")) {
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  }
  if (abs(value) >= Decimal("1e39")) {
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  }
  return Numeric::parse(value.str(60, std::ios_base::scientific));
}

[[noreturn]] void throw_undefined(std::string message) {
  throw SqlError(sqlstate::numeric_value_out_of_range, std::move(message));
}

Numeric square_root(const Numeric& value) {
  if (value.is_nan()) return value;
  if (value.is_negative()) throw_undefined("cannot take square root of a negative number");
  return numeric_of(sqrt(decimal_of(value)));
}

Numeric exponential(const Numeric& value) {
  if (value.is_nan()) return value;
  const double rough = value.to_double();
  if (rough > 100)
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  if (rough < -100)
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  return numeric_of(exp(decimal_of(value)));
}

void check_logarithm(const Numeric& value, std::string_view name) {
  if (value.is_zero())
    throw_undefined("function " + std::string(name) + " is not defined for zero");
  if (value.is_negative())
    throw_undefined("function " + std::string(name) + " is not defined for negative numbers");
}

Numeric natural_logarithm(const Numeric& value) {
  if (value.is_nan()) return value;
  check_logarithm(value, "ln");
  return numeric_of(log(decimal_of(value)));
}

Numeric decimal_logarithm(const Numeric& value) {
  if (value.is_nan()) return value;
  check_logarithm(value, "log10");
  return numeric_of(log10(decimal_of(value)));
}

Numeric logarithm_to_base(const Numeric& base, const Numeric& value) {
  if (base.is_nan() || value.is_nan()) return Numeric::nan();
  check_logarithm(base, "log");
  check_logarithm(value, "log");
  const Decimal divisor = log(decimal_of(base));
  if (divisor == 0) throw SqlError(sqlstate::division_by_zero, "division by zero");
  return numeric_of(log(decimal_of(value)) / divisor);
}

Numeric power_of(const Numeric& base, const Numeric& exponent) {
  if (base.is_nan() || exponent.is_nan()) return Numeric::nan();
  if (base.is_zero()) {
    if (exponent.is_negative()) throw_undefined("zero raised to a negative power is undefined");
    return Numeric::from_int(exponent.is_zero() ? 1 : 0);
  }
  const bool whole = exponent.scale() == 0;
  if (base.is_negative() && !whole) throw_undefined("function pow cannot return complex numbers");
  const double size = std::log10(std::fabs(base.to_double())) * exponent.to_double();
  if (size > 40)
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  if (size < -41)
    throw SqlError(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  Decimal result = pow(abs(decimal_of(base)), decimal_of(exponent));
  if (base.is_negative() && !(exponent % Numeric::from_int(2)).is_zero()) result = -result;
  return numeric_of(result);
}

Numeric rounded_to(const Numeric& value, std::int32_t digits) {
  return value.is_finite() ? value.rounded(std::clamp(digits, -40, 39)) : value;
}
Numeric truncated_to(const Numeric& value, std::int32_t digits) {
  return value.is_finite() ? value.truncated(std::clamp(digits, -40, 39)) : value;
}

Function operation(std::string_view symbol, std::string_view doc, std::string_view example,
                   void (*kernel)(KernelCall&)) {
  return {.name = symbol,
          .takes = {TypeId::numeric, TypeId::numeric},
          .gives = TypeId::numeric,
          .is_operator = true,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

Function unary(std::string_view name, std::string_view doc, std::string_view example,
               void (*kernel)(KernelCall&)) {
  return {.name = name,
          .takes = {TypeId::numeric},
          .gives = TypeId::numeric,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

Function binary(std::string_view name, TypeId second, std::string_view doc,
                std::string_view example, void (*kernel)(KernelCall&)) {
  return {.name = name,
          .takes = {TypeId::numeric, second},
          .gives = TypeId::numeric,
          .doc = doc,
          .example = example,
          .kernel = kernel};
}

void modulo_kernel(KernelCall& call) {
  compute<Numeric(Numeric, Numeric)>(call,
                                     [](const Numeric& a, const Numeric& b) { return a % b; });
}

}  // namespace

std::vector<Function> numeric_functions() {
  std::vector<Function> out = {
      operation("+", "The sum.", "1.5 + 2.25 = 3.75", add_kernel),
      operation("-", "The difference.", "1.5 - 2.25 = -0.75", subtract_kernel),
      operation("*", "The product.", "1.5 * 1.5 = 2.25", multiply_kernel),
      operation("/", "The quotient, to 39 digits.", "1.5 / 2 = 0.75",
                [](KernelCall& call) {
                  compute<Numeric(Numeric, Numeric)>(
                      call, [](const Numeric& a, const Numeric& b) { return a / b; });
                }),
      operation("%", "The remainder, with the sign of the dividend.", "7.5 % 2 = 1.5",
                modulo_kernel),
      binary("mod", TypeId::numeric, "The remainder, with the sign of the dividend.",
             "mod(7.5, 2) = 1.5", modulo_kernel),
      unary("abs", "The value without its sign.", "abs(-1.5) = 1.5",
            [](KernelCall& call) {
              compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v.absolute(); });
            }),
      unary("floor", "The greatest whole number not above the value.", "floor(-1.2) = -2",
            [](KernelCall& call) {
              compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v.floor(); });
            }),
      unary("round", "The nearest whole number, ties away from zero.", "round(2.5) = 3",
            [](KernelCall& call) {
              compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v.rounded(0); });
            }),
      unary("trunc", "The value cut toward zero.", "trunc(-1.7) = -1",
            [](KernelCall& call) {
              compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v.truncated(0); });
            }),
      binary("round", TypeId::int4,
             "The value rounded to so many digits after the point, ties away from zero.",
             "round(2.345, 2) = 2.35",
             [](KernelCall& call) { compute<Numeric(Numeric, std::int32_t)>(call, rounded_to); }),
      binary("trunc", TypeId::int4, "The value cut to so many digits after the point.",
             "trunc(2.349, 2) = 2.34",
             [](KernelCall& call) { compute<Numeric(Numeric, std::int32_t)>(call, truncated_to); }),
      unary("sqrt", "The square root.", "sqrt(16.0) = 4",
            [](KernelCall& call) { compute<Numeric(Numeric)>(call, square_root); }),
      unary("exp", "e to the power of the value.", "exp(0.0) = 1",
            [](KernelCall& call) { compute<Numeric(Numeric)>(call, exponential); }),
      unary("ln", "The natural logarithm.", "ln(1.0) = 0",
            [](KernelCall& call) { compute<Numeric(Numeric)>(call, natural_logarithm); }),
      unary("log", "The logarithm to base 10.", "log(100.0) = 2",
            [](KernelCall& call) { compute<Numeric(Numeric)>(call, decimal_logarithm); }),
      unary("log10", "The logarithm to base 10.", "log10(100.0) = 2",
            [](KernelCall& call) { compute<Numeric(Numeric)>(call, decimal_logarithm); }),
      binary("log", TypeId::numeric, "The logarithm of the second to the base of the first.",
             "log(2.0, 64.0) = 6",
             [](KernelCall& call) { compute<Numeric(Numeric, Numeric)>(call, logarithm_to_base); }),
      binary("power", TypeId::numeric, "The first raised to the power of the second.",
             "power(2.0, 10.0) = 1024",
             [](KernelCall& call) { compute<Numeric(Numeric, Numeric)>(call, power_of); }),
      binary("pow", TypeId::numeric, "The first raised to the power of the second.",
             "pow(2.0, 10.0) = 1024",
             [](KernelCall& call) { compute<Numeric(Numeric, Numeric)>(call, power_of); }),
  };
  for (const std::string_view name : {"ceil", "ceiling"}) {
    out.push_back(unary(
        name, "The least whole number not below the value.", "ceil(1.2) = 2", [](KernelCall& call) {
          compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v.ceil(); });
        }));
  }
  Function minus =
      unary("-", "The value with the other sign.", "- (1.5) = -1.5", [](KernelCall& call) {
        compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v.negated(); });
      });
  minus.is_operator = true;
  minus.infallible = true;
  out.push_back(std::move(minus));
  Function plus = unary("+", "The value itself.", "+ 1.5 = 1.5", [](KernelCall& call) {
    compute<Numeric(Numeric)>(call, [](const Numeric& v) { return v; });
  });
  plus.is_operator = true;
  plus.infallible = true;
  out.push_back(std::move(plus));
  return out;
}

}  // namespace tailrace::engine
