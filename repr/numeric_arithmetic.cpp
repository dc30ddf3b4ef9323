#include "repr/decimal.hpp"
#include "repr/error.hpp"
#include "repr/numeric.hpp"
#include "repr/numeric_access.hpp"

namespace tailrace {

namespace {

// Of two operands of which one at least is not finite.
Numeric infinite_sum(const Numeric& a, const Numeric& b) {
  if (a.is_nan() || b.is_nan()) return Numeric::nan();
  if (a.is_infinite() && b.is_infinite() && a.is_negative() != b.is_negative())
    return Numeric::nan();
  return a.is_infinite() ? a : b;
}

}  // namespace

Numeric operator+(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) return infinite_sum(a, b);
  const int scale = std::max(a.scale(), b.scale());
  __int128 x = 0;
  __int128 y = 0;
  __int128 sum = 0;
  if (a.to_scaled(scale, x) && b.to_scaled(scale, y) && !__builtin_add_overflow(x, y, &sum)) {
    return Numeric::from_scaled(sum, scale);
  }
  const Wide wide_a =
      NumericAccess::coefficient(a) * NumericAccess::power_of_ten(scale - a.scale());
  const Wide wide_b =
      NumericAccess::coefficient(b) * NumericAccess::power_of_ten(scale - b.scale());
  if (a.is_negative() == b.is_negative()) {
    return NumericAccess::make(a.is_negative(), Wide(wide_a + wide_b), scale);
  }
  if (wide_a >= wide_b) return NumericAccess::make(a.is_negative(), Wide(wide_a - wide_b), scale);
  return NumericAccess::make(b.is_negative(), Wide(wide_b - wide_a), scale);
}

Numeric operator-(const Numeric& a, const Numeric& b) {
  return a + b.negated();
}

Numeric operator*(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) {
    if (a.is_nan() || b.is_nan() || a.is_zero() || b.is_zero()) return Numeric::nan();
    return Numeric::infinity(a.is_negative() != b.is_negative());
  }
  const int scale = a.scale() + b.scale();
  __int128 x = 0;
  __int128 y = 0;
  __int128 product = 0;
  if (scale <= NumericAccess::digits_max && NumericAccess::small(a, x) &&
      NumericAccess::small(b, y) && !__builtin_mul_overflow(x, y, &product)) {
    return Numeric::from_scaled(product, scale);
  }
  return NumericAccess::make(a.is_negative() != b.is_negative(),
                             Wide(NumericAccess::coefficient(a) * NumericAccess::coefficient(b)),
                             scale);
}

Numeric operator/(const Numeric& a, const Numeric& b) {
  if (a.is_nan() || b.is_nan()) return Numeric::nan();
  if (b.is_zero()) throw SqlError(sqlstate::division_by_zero, "division by zero");
  if (b.is_infinite()) return a.is_infinite() ? Numeric::nan() : Numeric();
  if (a.is_infinite()) return Numeric::infinity(a.is_negative() != b.is_negative());
  if (a.is_zero()) return a;
  const int common = std::max(a.scale(), b.scale());
  __int128 x = 0;
  __int128 y = 0;
  if (a.to_scaled(common, x) && b.to_scaled(common, y) && x % y == 0)
    return Numeric::from_scaled(x / y, 0);
  const Wide dividend = NumericAccess::coefficient(a);
  const Wide divisor = NumericAccess::coefficient(b);
  // Enough digits that the quotient has at least 40: the last decides the rounding.
  const int shift = NumericAccess::digits_max + 1 + NumericAccess::digits(divisor) -
                    NumericAccess::digits(dividend);
  return NumericAccess::make(a.is_negative() != b.is_negative(),
                             Wide(dividend * NumericAccess::power_of_ten(shift) / divisor),
                             a.scale() + shift - b.scale());
}

Numeric operator%(const Numeric& a, const Numeric& b) {
  if (a.is_nan() || b.is_nan() || a.is_infinite()) return Numeric::nan();
  if (b.is_zero()) throw SqlError(sqlstate::division_by_zero, "division by zero");
  if (b.is_infinite()) return a;
  const int scale = std::max(a.scale(), b.scale());
  __int128 x = 0;
  __int128 y = 0;
  if (a.to_scaled(scale, x) && b.to_scaled(scale, y))
    return Numeric::from_scaled(y == -1 ? 0 : x % y, scale);
  const Wide wide_a =
      NumericAccess::coefficient(a) * NumericAccess::power_of_ten(scale - a.scale());
  const Wide wide_b =
      NumericAccess::coefficient(b) * NumericAccess::power_of_ten(scale - b.scale());
  return NumericAccess::make(a.is_negative(), Wide(wide_a % wide_b), scale);
}

}  // namespace tailrace
