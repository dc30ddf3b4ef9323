#include "repr/numeric.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "repr/decimal.hpp"
#include "repr/error.hpp"
#include "repr/numeric_access.hpp"

namespace tailrace {

namespace {

SqlError overflow() {
  return {sqlstate::numeric_value_out_of_range, "value out of range: overflow"};
}
SqlError underflow() {
  return {sqlstate::numeric_value_out_of_range, "value out of range: underflow"};
}

template <class Integer>
void strip_zeros(Integer& magnitude, int& scale) {
  while (scale >= 4 && magnitude % 10000 == 0) {
    magnitude /= 10000;
    scale -= 4;
  }
  while (scale > 0 && magnitude % 10 == 0) {
    magnitude /= 10;
    --scale;
  }
}

}  // namespace

const Wide& NumericAccess::power_of_ten(int exponent) {
  static const std::vector<Wide> powers = [] {
    std::vector<Wide> table(151, Wide(1));
    for (std::size_t i = 1; i < table.size(); ++i) table[i] = table[i - 1] * 10;
    return table;
  }();
  return powers[static_cast<std::size_t>(exponent)];
}

int NumericAccess::digits(const Wide& value) {
  if (value == 0) return 0;
  const auto bits = static_cast<int>(boost::multiprecision::msb(value)) + 1;
  const int guess = static_cast<int>(bits * 0.30102999566398119521) + 1;
  return value < power_of_ten(guess - 1) ? guess - 1 : guess;
}

Numeric NumericAccess::make(bool negative, Unsigned magnitude, int scale) {
  Numeric value;
  if (magnitude == 0) return value;
  if (magnitude <= std::numeric_limits<std::uint64_t>::max()) {
    auto small = static_cast<std::uint64_t>(magnitude);
    if (scale > 0) strip_zeros(small, scale);
    value.low_ = small;
  } else {
    if (scale > 0) strip_zeros(magnitude, scale);
    value.low_ = static_cast<std::uint64_t>(magnitude);
    value.middle_ = static_cast<std::uint64_t>(magnitude >> 64);
  }
  value.scale_ = static_cast<std::uint8_t>(scale);
  value.negative_ = negative;
  return value;
}

Numeric NumericAccess::make(bool negative, Wide coefficient, int scale, bool check_underflow) {
  if (coefficient == 0) return {};
  if (scale < 0) {
    if (-scale > digits_max) throw overflow();
    coefficient *= power_of_ten(-scale);
    scale = 0;
  }
  const int size = digits(coefficient);
  const int drop = std::max({size - digits_max, scale - digits_max, 0});
  if (drop > scale) throw overflow();
  if (drop > size) {
    if (check_underflow) throw underflow();
    return {};
  }
  if (drop > 0) {
    coefficient = (coefficient + power_of_ten(drop) / 2) / power_of_ten(drop);
    scale -= drop;
    if (coefficient == 0) {
      if (check_underflow) throw underflow();
      return {};
    }
  }
  if (coefficient >= power_of_ten(digits_max)) {  // rounded up to one digit more
    if (scale == 0) throw overflow();
    coefficient /= 10;
    --scale;
  }
  strip_zeros(coefficient, scale);
  Numeric value;
  const Wide mask = std::numeric_limits<std::uint64_t>::max();
  value.low_ = static_cast<std::uint64_t>(coefficient & mask);
  value.middle_ = static_cast<std::uint64_t>((coefficient >> 64) & mask);
  value.high_ = static_cast<std::uint8_t>(coefficient >> 128);
  value.scale_ = static_cast<std::uint8_t>(scale);
  value.negative_ = negative;
  return value;
}

Numeric Numeric::from_int(std::int64_t value) {
  return from_scaled(value, 0);
}

Numeric Numeric::from_uint(std::uint64_t value) {
  return NumericAccess::make(false, value, 0);
}

Numeric Numeric::from_scaled(Int128 value, int scale) {
  using Unsigned = unsigned __int128;
  const Unsigned magnitude =
      value < 0 ? 0 - static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
  return NumericAccess::make(value < 0, magnitude, scale);
}

Numeric Numeric::nan() {
  Numeric value;
  value.kind_ = Kind::nan;
  return value;
}

Numeric Numeric::infinity(bool negative) {
  Numeric value;
  value.kind_ = Kind::infinity;
  value.negative_ = negative;
  return value;
}

bool Numeric::is_zero() const {
  return kind_ == Kind::finite && low_ == 0 && middle_ == 0 && high_ == 0;
}

bool Numeric::to_scaled(int scale, std::int64_t& out) const {
  if (middle_ != 0 || high_ != 0 || kind_ != Kind::finite || scale < scale_) return false;
  if ((low_ >> 63) != 0) return false;
  const auto value = static_cast<std::int64_t>(low_);
  return scale_up(negative_ ? -value : value, scale - scale_, out);
}

bool Numeric::to_scaled(int scale, Int128& out) const {
  __int128 value = 0;
  if (kind_ != Kind::finite || scale < scale_ || !NumericAccess::small(*this, value)) return false;
  return scale_up(value, scale - scale_, out);
}

std::int64_t Numeric::to_int8() const {
  Int128 value = 0;
  if (!is_finite() || !rounded(0).to_scaled(0, value) ||
      value > std::numeric_limits<std::int64_t>::max() ||
      value < std::numeric_limits<std::int64_t>::min()) {
    throw SqlError(sqlstate::numeric_value_out_of_range,
                   "\"" + to_string() + "\" bigint out of range");
  }
  return static_cast<std::int64_t>(value);
}

std::uint64_t Numeric::to_uint8() const {
  Int128 value = 0;
  if (!is_finite() || !rounded(0).to_scaled(0, value) || value < 0 ||
      value > std::numeric_limits<std::uint64_t>::max()) {
    throw SqlError(sqlstate::numeric_value_out_of_range,
                   "\"" + to_string() + "\" uint8 out of range");
  }
  return static_cast<std::uint64_t>(value);
}

Numeric Numeric::rounded(int scale) const {
  if (!is_finite() || scale >= scale_) return *this;
  const int drop = scale_ - scale;
  Int128 small = 0;
  if (drop < 38 && NumericAccess::small(*this, small)) {
    const Int128 unit = powers_of_ten_128[static_cast<std::size_t>(drop)];
    const Int128 rest = small % unit;
    Int128 quotient = small / unit;
    if (rest >= unit / 2) ++quotient;
    if (-rest >= unit / 2) --quotient;
    if (scale >= 0) return from_scaled(quotient, scale);
    if (scale_up(quotient, -scale, small)) return from_scaled(small, 0);
  }
  if (drop > NumericAccess::digits_max + 1) return {};
  const Wide& unit = NumericAccess::power_of_ten(drop);
  return NumericAccess::make(negative_, (NumericAccess::coefficient(*this) + unit / 2) / unit,
                             scale);
}

Numeric Numeric::coerced(int scale) const {
  const Numeric value = rounded(scale);
  if (value.is_finite() && !value.is_zero()) {
    const int whole = NumericAccess::digits(NumericAccess::coefficient(value)) - value.scale_;
    if (whole + scale > NumericAccess::digits_max) {
      throw SqlError(sqlstate::numeric_value_out_of_range, "numeric field overflow");
    }
  }
  return value;
}

Numeric Numeric::truncated(int scale) const {
  if (!is_finite() || scale >= scale_) return *this;
  const int drop = scale_ - scale;
  if (drop > NumericAccess::digits_max) return {};
  return NumericAccess::make(
      negative_, Wide(NumericAccess::coefficient(*this) / NumericAccess::power_of_ten(drop)),
      scale);
}

Numeric Numeric::floor() const {
  const Numeric whole = truncated(0);
  return negative_ && whole != *this ? whole - from_int(1) : whole;
}

Numeric Numeric::ceil() const {
  const Numeric whole = truncated(0);
  return !negative_ && whole != *this ? whole + from_int(1) : whole;
}

Numeric Numeric::negated() const {
  Numeric value = *this;
  if (!is_nan() && !is_zero()) value.negative_ = !negative_;
  return value;
}

Numeric Numeric::absolute() const {
  Numeric value = *this;
  value.negative_ = false;
  return value;
}

std::uint64_t Numeric::hash() const {
  if (is_nan()) return ~std::uint64_t{0};
  if (is_infinite()) return ~std::uint64_t{0} - (negative_ ? 2 : 1);
  // 2^128 is 2^6 modulo 2^61 - 1.
  const std::uint64_t residue =
      residue_reduced(static_cast<unsigned __int128>(residue_reduced(NumericAccess::low(*this))) +
                      (std::uint64_t{high_} << 6));
  return decimal_hash(residue, negative_, scale_);
}

std::strong_ordering operator<=>(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) {
    const auto rank = [](const Numeric& value) {
      if (value.is_nan()) return 2;
      return value.is_finite() ? 0 : value.is_negative() ? -1 : 1;
    };
    return rank(a) <=> rank(b);
  }
  if (a.negative_ != b.negative_)
    return a.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  const int scale = std::max(a.scale_, b.scale_);
  __int128 x = 0;
  __int128 y = 0;
  if (a.to_scaled(scale, x) && b.to_scaled(scale, y)) return x <=> y;
  const Wide wide_a = NumericAccess::coefficient(a) * NumericAccess::power_of_ten(scale - a.scale_);
  const Wide wide_b = NumericAccess::coefficient(b) * NumericAccess::power_of_ten(scale - b.scale_);
  const int order = wide_a.compare(wide_b) * (a.negative_ ? -1 : 1);
  return order <=> 0;
}

}  // namespace tailrace
