// `numeric`: a decimal of at most 39 significant digits, scale 0 to 39, or NaN.
//
// A value is kept normalised (no trailing zeros in the fraction, no negative zero), so that one
// number has one representation: identity and SQL equality are the same. NaN equals itself and is
// greater than every number. Arithmetic throws SqlError 22003/22012 with the dialect's texts
// (reference/sql-language.md 1.3). The type is trivially copyable: columns hold it as it is.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace {

class Numeric {
 public:
  using Int128 = __int128;

  Numeric() = default;  // 0
  static Numeric from_int(std::int64_t value);
  static Numeric from_uint(std::uint64_t value);
  // value * 10^-scale; 0 <= scale <= 39. Any int128 fits (39 digits).
  static Numeric from_scaled(Int128 value, int scale);
  static Numeric nan();
  static Numeric infinity(bool negative);  // only as the overflow of sum()
  // Throws 22P02 or 22003. Fraction digits beyond the 39th are rounded away, or rejected likewise.
  enum class Excess : std::uint8_t { round, reject };
  static Numeric parse(std::string_view text, Excess excess = Excess::round);
  static Numeric from_double(double value);  // by its shortest text
  static Numeric from_float(float value);

  bool is_nan() const { return kind_ == Kind::nan; }
  bool is_infinite() const { return kind_ == Kind::infinity; }
  bool is_finite() const { return kind_ == Kind::finite; }
  bool is_negative() const { return negative_; }
  bool is_zero() const;
  int scale() const { return scale_; }  // digits after the point, 0 to 39

  // value * 10^scale if that is a whole number which fits; false otherwise.
  bool to_scaled(int scale, std::int64_t& out) const;
  bool to_scaled(int scale, Int128& out) const;

  std::int64_t to_int8() const;    // rounds half away from zero; throws 22003
  std::uint64_t to_uint8() const;  // likewise
  double to_double() const;
  std::string to_string() const;  // never an exponent
  void append_to(std::string& out) const;

  // Rounded half away from zero to `scale` digits after the point (negative: before it).
  Numeric rounded(int scale) const;
  // What a column numeric(p, scale) makes of it: rounded, and 22003 if more than 39 digits would be
  // needed.
  Numeric coerced(int scale) const;
  Numeric truncated(int scale) const;
  Numeric floor() const;
  Numeric ceil() const;
  Numeric negated() const;
  Numeric absolute() const;

  friend Numeric operator+(const Numeric&, const Numeric&);
  friend Numeric operator-(const Numeric&, const Numeric&);
  friend Numeric operator*(const Numeric&, const Numeric&);
  friend Numeric operator/(const Numeric&, const Numeric&);
  friend Numeric operator%(const Numeric&, const Numeric&);
  friend bool operator==(const Numeric&, const Numeric&) = default;
  friend std::strong_ordering operator<=>(const Numeric&, const Numeric&);

  std::uint64_t hash() const;  // equals `decimal_hash` (decimal.hpp) of the same number

 private:
  enum class Kind : std::uint8_t { finite, infinity, nan };
  // The coefficient, at most 10^39 - 1: 130 bits, so `high_` holds two of them.
  std::uint64_t low_ = 0;
  std::uint64_t middle_ = 0;
  std::uint8_t high_ = 0;
  std::uint8_t scale_ = 0;
  Kind kind_ = Kind::finite;
  bool negative_ = false;
  std::uint32_t padding_ = 0;  // always 0: values compare and hash as bytes

  friend struct NumericAccess;  // the wide arithmetic (numeric_access.hpp)
};
static_assert(sizeof(Numeric) == 24);

}  // namespace tailrace
