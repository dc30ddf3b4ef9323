// The insides of Numeric, for those who compute with it: coefficient, scale, sign. It brings Boost.Multiprecision
// with it: include it in .cpp files only.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>

#include "repr/numeric.hpp"

namespace tailrace {

// Wide enough for a quotient's dividend: 39 digits times 10^79 needs 392 bits.
using Wide = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
    512, 512, boost::multiprecision::unsigned_magnitude, boost::multiprecision::unchecked, void>>;

struct NumericAccess {
  using Unsigned = unsigned __int128;
  static constexpr int digits_max = 39;

  static Unsigned low(const Numeric& value) {
    return (static_cast<Unsigned>(value.middle_) << 64) | value.low_;
  }
  static bool is_wide(const Numeric& value) { return value.high_ != 0; }
  // The signed coefficient, or false if it needs more than an int128.
  static bool small(const Numeric& value, __int128& out) {
    if (value.high_ != 0 || (value.middle_ >> 63) != 0) return false;
    const auto magnitude = static_cast<__int128>(low(value));
    out = value.negative_ ? -magnitude : magnitude;
    return true;
  }
  static Wide coefficient(const Numeric& value) {
    Wide wide = value.high_;
    wide <<= 64;
    wide |= value.middle_;
    wide <<= 64;
    wide |= value.low_;
    return wide;
  }

  // Normalises; magnitude < 2^128, 0 <= scale <= 39.
  static Numeric make(bool negative, Unsigned magnitude, int scale);
  // Rounds half away from zero to 39 digits and scale 39, normalises. `scale` may be any. Throws
  // 22003 on overflow, and on underflow if asked.
  static Numeric make(bool negative, Wide coefficient, int scale, bool check_underflow = true);

  static int digits(const Wide& value);
  static const Wide& power_of_ten(int exponent);  // 0 to 150
};

}  // namespace tailrace
