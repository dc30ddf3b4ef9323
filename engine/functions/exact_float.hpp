// Exact sums of floating point numbers: a fixed-point number as wide as the type's whole range, so
// that order does not matter and a retraction brings back the very value. Infinities and NaNs are
// counted beside it.
//
// Bytes a group: 304 for double (34 limbs: 2^-1074 to 2^1024, 64 bits for counts, the sign), 80 for
// real.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "engine/functions/wide_integer.hpp"

namespace tailrace::engine {

template <class T>
struct ExactFloat {
  static constexpr bool is_double = sizeof(T) == 8;
  static constexpr int limb_count = is_double ? 34 : 6;
  static constexpr int mantissa_bits = is_double ? 52 : 23;
  static constexpr int lowest_exponent = is_double ? -1074 : -149;

  WideInteger<limb_count> finite;
  std::int64_t nans;
  std::int64_t positive_infinities;
  std::int64_t negative_infinities;
  std::int64_t count;

  void add(T value, std::int64_t times) {
    count += times;
    if (std::isnan(value)) {
      nans += times;
    } else if (std::isinf(value)) {
      (value > 0 ? positive_infinities : negative_infinities) += times;
    } else {
      add_finite(value, times);
    }
  }

  void merge(const ExactFloat& other) {
    finite.add(other.finite);
    nans += other.nans;
    positive_infinities += other.positive_infinities;
    negative_infinities += other.negative_infinities;
    count += other.count;
  }

  bool is_finite() const {
    return nans == 0 && positive_infinities == 0 && negative_infinities == 0;
  }

  // The nearest value of T.
  T sum() const {
    if (nans != 0 || (positive_infinities != 0 && negative_infinities != 0)) {
      return std::numeric_limits<T>::quiet_NaN();
    }
    if (positive_infinities != 0) return std::numeric_limits<T>::infinity();
    if (negative_infinities != 0) return -std::numeric_limits<T>::infinity();
    const WideInteger<limb_count> magnitude = finite.magnitude();
    const int bits = magnitude.bit_length();
    constexpr int kept_bits = mantissa_bits + 1;
    const int dropped = bits > kept_bits ? bits - kept_bits : 0;
    std::uint64_t kept = 0;
    for (int bit = bits; bit-- > dropped;) kept = (kept << 1) | (magnitude.bit(bit) ? 1 : 0);
    if (dropped > 0 &&
        magnitude.bit(dropped - 1)) {  // half or more: away, unless it is a tie to an even one
      bool more = false;
      for (int bit = 0; bit < dropped - 1 && !more; ++bit) more = magnitude.bit(bit);
      if (more || (kept & 1) != 0) ++kept;
    }
    const T result = std::ldexp(static_cast<T>(kept), dropped + lowest_exponent);
    return finite.is_negative() ? -result : result;
  }

 private:
  void add_finite(T value, std::int64_t times) {
    using Bits = std::conditional_t<is_double, std::uint64_t, std::uint32_t>;
    const Bits bits = std::bit_cast<Bits>(value);
    constexpr Bits mantissa_mask = (Bits{1} << mantissa_bits) - 1;
    const int exponent = static_cast<int>((bits >> mantissa_bits) & (is_double ? 0x7FF : 0xFF));
    Bits mantissa = bits & mantissa_mask;
    if (exponent != 0) mantissa |= Bits{1} << mantissa_bits;
    if (mantissa == 0) return;
    const bool negative = std::signbit(value) != (times < 0);
    const auto repeat = times < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(times)
                                  : static_cast<std::uint64_t>(times);
    finite.add_shifted(static_cast<unsigned __int128>(mantissa) * repeat,
                       exponent == 0 ? 0 : exponent - 1, negative);
  }
};

}  // namespace tailrace::engine
