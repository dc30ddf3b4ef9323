// Variances and standard deviations, by the exact sums of values and of their squares: linear, and
// free of cancellation.
//
// Bytes a group: 608 for double (two exact sums), 160 for numbers (the same at numeric's scale).
#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

#include <cmath>

#include "engine/functions/exact_float.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/linear_aggregate.hpp"
#include "engine/functions/numeric_sum.hpp"

namespace tailrace::engine {

namespace {

using boost::multiprecision::cpp_int;

template <int limbs>
cpp_int to_integer(const WideInteger<limbs>& value) {
  const WideInteger<limbs> magnitude = value.magnitude();
  cpp_int result = 0;
  for (int limb = limbs; limb-- > 0;) {
    result <<= 64;
    result |= magnitude.limbs[limb];
  }
  return value.is_negative() ? cpp_int(-result) : result;
}

enum class Kind {
  variance_of_sample,
  variance_of_population,
  deviation_of_sample,
  deviation_of_population
};

constexpr bool of_sample(Kind kind) {
  return kind == Kind::variance_of_sample || kind == Kind::deviation_of_sample;
}
constexpr bool is_deviation(Kind kind) {
  return kind == Kind::deviation_of_sample || kind == Kind::deviation_of_population;
}

struct FloatMoments {
  ExactFloat<double> values;
  ExactFloat<double> squares;

  void add(double value, Diff diff) {
    values.add(value, diff);
    if (!std::isfinite(value)) return;
    // A square is the sum of two doubles exactly, but for the very smallest.
    const double high = value * value;
    squares.add(high, diff);
    if (std::isfinite(high)) squares.add(std::fma(value, value, -high), diff);
  }
  void merge(const FloatMoments& other) {
    values.merge(other.values);
    squares.merge(other.squares);
  }
};

struct FloatMomentsOfReal : FloatMoments {
  void add(float value, Diff diff) { FloatMoments::add(static_cast<double>(value), diff); }
  void merge(const FloatMomentsOfReal& other) { FloatMoments::merge(other); }
};

template <Kind kind>
void float_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& moments = state_at<FloatMoments>(state);
  const std::int64_t count = moments.values.count;
  if (count <= (of_sample(kind) ? 1 : 0)) {
    out.append_null();
    return;
  }
  if (!moments.values.is_finite() || !moments.squares.is_finite()) {
    out.append(std::numeric_limits<double>::quiet_NaN());
    return;
  }
  // (n * sum of squares - square of sum) / (n * (n - 1)), in units of 2^-1074 and 2^-2148.
  const cpp_int sum = to_integer(moments.values.finite);
  const cpp_int squares = to_integer(moments.squares.finite);
  cpp_int spread = ((count * squares) << 1074) - sum * sum;
  if (spread < 0) spread = 0;  // squares lose what is below 2^-1074
  const cpp_int divisor = cpp_int(count) * (of_sample(kind) ? count - 1 : count);
  int shift = 0;
  if (spread != 0) {  // keep some 120 bits of the quotient
    shift = 120 - (static_cast<int>(msb(spread)) - static_cast<int>(msb(divisor)));
  }
  const cpp_int quotient =
      shift >= 0 ? cpp_int((spread << shift) / divisor) : cpp_int((spread >> -shift) / divisor);
  double variance = std::ldexp(quotient.convert_to<double>(), -shift - 2148);
  if (is_deviation(kind)) variance = std::sqrt(variance);
  out.append(variance);
}

using Decimal = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<120>>;

// Exact sums of values and squares; squares have up to 78 digits after the point, of which 39 + 39
// are kept apart.
struct NumberMoments {
  NumericSum values;
  // Squares in units of 10^-78, 640 bits.
  WideInteger<10> squares;

  void add(const Numeric& value, Diff diff) {
    values.add(value, diff);
    if (!value.is_finite()) return;
    NumericSum one{};
    one.add(value, 1);
    const WideInteger<6> magnitude = one.finite.magnitude();
    std::array<std::uint64_t, 12> square{};
    for (std::size_t i = 0; i < 6; ++i) {
      unsigned __int128 carry = 0;
      for (std::size_t j = 0; j < 6; ++j) {
        carry +=
            static_cast<unsigned __int128>(magnitude.limbs[i]) * magnitude.limbs[j] + square[i + j];
        square[i + j] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
      }
      if (i + 6 < 12) square[i + 6] = static_cast<std::uint64_t>(carry);
    }
    const auto times = diff < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(diff)
                                : static_cast<std::uint64_t>(diff);
    unsigned __int128 carry = 0;
    for (std::uint64_t& limb : square) {
      carry += static_cast<unsigned __int128>(limb) * times;
      limb = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    squares.add_limbs(square.data(), 10, 0, diff < 0);
  }
  void merge(const NumberMoments& other) {
    values.merge(other.values);
    squares.add(other.squares);
  }
};

template <class T>
struct IntegerMoments : NumberMoments {
  void add(T value, Diff diff) {
    if constexpr (std::is_signed_v<T>) {
      NumberMoments::add(Numeric::from_int(value), diff);
    } else {
      NumberMoments::add(Numeric::from_uint(value), diff);
    }
  }
  void merge(const IntegerMoments& other) { NumberMoments::merge(other); }
};

template <Kind kind>
void number_finish(const std::byte* state, const Type&, ColumnBuilder& out) {
  const auto& moments = state_at<NumberMoments>(state);
  const std::int64_t count = moments.values.count;
  if (count <= (of_sample(kind) ? 1 : 0)) {
    out.append_null();
    return;
  }
  if (moments.values.nans != 0 || moments.values.infinities != 0) {
    out.append_numeric(Numeric::nan());
    return;
  }
  const cpp_int sum = to_integer(moments.values.finite);
  const cpp_int spread = count * to_integer(moments.squares) - sum * sum;
  const cpp_int divisor = cpp_int(count) * (of_sample(kind) ? count - 1 : count);
  Decimal variance = Decimal(spread) / Decimal(divisor) * pow(Decimal(10), -78);
  if (is_deviation(kind)) variance = sqrt(variance);
  if (variance >= Decimal("1e39")) {
    out.append_numeric(Numeric::infinity(false));
  } else if (variance < Decimal("1e-39")) {
    out.append_numeric(Numeric());
  } else {
    out.append_numeric(Numeric::parse(variance.str(60, std::ios_base::scientific)));
  }
}

template <Kind kind>
void add_named(std::vector<AggregateFunction>& out, std::string_view name, std::string_view doc,
               std::string_view example) {
  const auto add = [&]<class State, class T>(
                       TypeId takes, TypeId gives,
                       void (*finish)(const std::byte*, const Type&, ColumnBuilder&), State*, T*) {
    out.push_back(linear_aggregate<State, T>(name, takes, gives, doc, example, finish));
  };
  constexpr auto none = nullptr;
  const auto integer = [&]<class T>(TypeId takes, T* tag) {
    add(takes, TypeId::numeric, number_finish<kind>, static_cast<IntegerMoments<T>*>(none), tag);
  };
  integer(TypeId::int2, static_cast<std::int16_t*>(none));
  integer(TypeId::int4, static_cast<std::int32_t*>(none));
  integer(TypeId::int8, static_cast<std::int64_t*>(none));
  integer(TypeId::uint2, static_cast<std::uint16_t*>(none));
  integer(TypeId::uint4, static_cast<std::uint32_t*>(none));
  integer(TypeId::uint8, static_cast<std::uint64_t*>(none));
  add(TypeId::numeric, TypeId::numeric, number_finish<kind>, static_cast<NumberMoments*>(none),
      static_cast<Numeric*>(none));
  add(TypeId::float4, TypeId::float8, float_finish<kind>, static_cast<FloatMomentsOfReal*>(none),
      static_cast<float*>(none));
  add(TypeId::float8, TypeId::float8, float_finish<kind>, static_cast<FloatMoments*>(none),
      static_cast<double*>(none));
}

}  // namespace

std::vector<AggregateFunction> variance_aggregates() {
  std::vector<AggregateFunction> out;
  for (const std::string_view name : {"variance", "var_samp"}) {
    add_named<Kind::variance_of_sample>(out, name, "The variance of a sample.",
                                        "variance(x) over (1), (3) = 2");
  }
  add_named<Kind::variance_of_population>(out, "var_pop", "The variance.",
                                          "var_pop(x) over (1), (3) = 1");
  for (const std::string_view name : {"stddev", "stddev_samp"}) {
    add_named<Kind::deviation_of_sample>(out, name, "The standard deviation of a sample.",
                                         "stddev(x) over (2), (2) = 0");
  }
  add_named<Kind::deviation_of_population>(out, "stddev_pop", "The standard deviation.",
                                           "stddev_pop(x) over (1), (3) = 1");
  return out;
}

}  // namespace tailrace::engine
