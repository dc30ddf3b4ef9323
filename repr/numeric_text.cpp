#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "repr/decimal.hpp"
#include "repr/error.hpp"
#include "repr/numeric.hpp"
#include "repr/numeric_access.hpp"

namespace tailrace {

namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

[[noreturn]] void fail_syntax(std::string_view text) {
  throw SqlError(sqlstate::invalid_text_representation,
                 fmt::format("invalid input syntax for type numeric: \"{}\"", text));
}

[[noreturn]] void fail_range(std::string_view text) {
  std::string shown(text);
  std::replace(shown.begin(), shown.end(), 'e', 'E');
  throw SqlError(
      sqlstate::numeric_value_out_of_range,
      fmt::format("\"{}\" is out of range for type numeric: exceeds maximum precision 39", shown));
}

// Adds one in the last place; a carry out of the front makes the text longer.
void increment(std::string& digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return;
    }
    digits[i] = '0';
  }
  digits.insert(digits.begin(), '1');
}

// Any text: first the significant digits and the power of ten of the last one, then the rounding.
Numeric parse_slowly(std::string_view text, Numeric::Excess excess) {
  const std::string_view all = text;
  text = trimmed(text);
  if (text.size() == 3 && (text[0] | 32) == 'n' && (text[1] | 32) == 'a' && (text[2] | 32) == 'n') {
    return Numeric::nan();
  }
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  std::int64_t exponent = 0;
  bool point = false;
  bool any = false;
  while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !point))) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '.') {
      point = true;
      continue;
    }
    any = true;
    if (c != '0' || !digits.empty()) digits += c;
    if (point) --exponent;
  }
  if (!any) fail_syntax(all);
  if (!text.empty() && (text.front() | 32) == 'e') {
    text.remove_prefix(1);
    if (text.starts_with('+')) {
      text.remove_prefix(1);
      if (text.starts_with('-')) fail_syntax(all);
    }
    std::int64_t given = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), given);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) fail_syntax(all);
    if (error == std::errc::result_out_of_range || given > 1'000'000'000 ||
        given < -1'000'000'000) {
      if (digits.empty()) return {};
      fail_range(trimmed(all));
    }
    exponent += given;
  } else if (!text.empty()) {
    fail_syntax(all);
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.empty()) return {};
  const auto size = static_cast<std::int64_t>(digits.size());
  if (size + exponent > NumericAccess::digits_max) fail_range(trimmed(all));
  const std::int64_t drop = std::max<std::int64_t>(
      {size - NumericAccess::digits_max, -exponent - NumericAccess::digits_max, 0});
  if (drop >= size || (drop > 0 && excess == Numeric::Excess::reject)) fail_range(trimmed(all));
  if (drop > 0) {
    const bool up = digits[static_cast<std::size_t>(size - drop)] >= '5';
    digits.resize(static_cast<std::size_t>(size - drop));
    exponent += drop;
    if (up) increment(digits);
    if (static_cast<std::int64_t>(digits.size()) + exponent > NumericAccess::digits_max)
      fail_range(trimmed(all));
  }
  if (exponent > 0) {
    digits.append(static_cast<std::size_t>(exponent), '0');
    exponent = 0;
  }
  return NumericAccess::make(negative, Wide(digits), static_cast<int>(-exponent));
}

char* append_digits(unsigned __int128 value, char* end) {
  constexpr std::uint64_t chunk = 10'000'000'000'000'000'000U;
  while (value > chunk - 1) {
    auto low = static_cast<std::uint64_t>(value % chunk);
    value /= chunk;
    for (int i = 0; i < 19; ++i) {
      *--end = static_cast<char>('0' + low % 10);
      low /= 10;
    }
  }
  auto low = static_cast<std::uint64_t>(value);
  do {
    *--end = static_cast<char>('0' + low % 10);
    low /= 10;
  } while (low != 0);
  return end;
}

}  // namespace

Numeric Numeric::parse(std::string_view text, Excess excess) {
  // Up to 18 digits without an exponent: nearly everything.
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (end - at <= 19 && at != end) {
    std::uint64_t value = 0;  // 19 digits fit, of which 18 are used
    const char* point = nullptr;
    int digits = 0;
    for (; at != end; ++at) {
      if (is_digit(*at)) {
        value = value * 10 + static_cast<unsigned>(*at - '0');
        ++digits;
      } else if (*at == '.' && !point) {
        point = at + 1;
      } else {
        break;
      }
    }
    if (at == end && digits > 0 && digits <= 18) {
      const auto magnitude = static_cast<std::int64_t>(value);
      return from_scaled(negative ? -magnitude : magnitude,
                         point ? static_cast<int>(end - point) : 0);
    }
  }
  return parse_slowly(text, excess);
}

void Numeric::append_to(std::string& out) const {
  if (kind_ != Kind::finite) {
    out += is_nan() ? "NaN" : negative_ ? "-Infinity" : "Infinity";
    return;
  }
  char buffer[48];
  char* const end = buffer + sizeof buffer;
  char* begin = nullptr;
  if (high_ == 0) {
    begin = append_digits(NumericAccess::low(*this), end);
  } else {
    const std::string digits = NumericAccess::coefficient(*this).str();
    begin = end - digits.size();
    std::copy(digits.begin(), digits.end(), begin);
  }
  if (negative_) out += '-';
  const int size = static_cast<int>(end - begin);
  if (scale_ == 0) {
    out.append(begin, end);
  } else if (size > scale_) {
    out.append(begin, end - scale_);
    out += '.';
    out.append(end - scale_, end);
  } else {
    out += "0.";
    out.append(static_cast<std::size_t>(scale_ - size), '0');
    out.append(begin, end);
  }
}

std::string Numeric::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

double Numeric::to_double() const {
  if (is_nan()) return std::numeric_limits<double>::quiet_NaN();
  if (is_infinite()) return negative_ ? -HUGE_VAL : HUGE_VAL;
  // Both exact as doubles: the quotient is the nearest one.
  constexpr double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (high_ == 0 && middle_ == 0 && low_ <= (std::uint64_t{1} << 53) && scale_ <= 22) {
    const double value = static_cast<double>(low_) / exact_powers[scale_];
    return negative_ ? -value : value;
  }
  const std::string text = to_string();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

namespace {

template <class Float>
Numeric from_floating(Float value, const char* type) {
  if (std::isnan(value)) return Numeric::nan();
  if (std::isinf(value)) {
    throw SqlError(
        sqlstate::numeric_value_out_of_range,
        fmt::format("function casting {} to numeric is only defined for finite arguments", type));
  }
  char buffer[64];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const Float magnitude = std::fabs(value);
  if (magnitude >= static_cast<Float>(1e39)) {
    throw SqlError(sqlstate::numeric_value_out_of_range, "numeric field overflow");
  }
  if (magnitude < static_cast<Float>(1e-37)) {
    // Too small for parse; what is left is at most a few digits.
    const std::size_t mark = text.find('e');
    Numeric digits = Numeric::parse(text.substr(0, mark));
    int exponent = 0;
    std::from_chars(text.data() + mark + 1, text.data() + text.size(), exponent);
    if (-exponent > 41) return {};
    return NumericAccess::make(digits.is_negative(), NumericAccess::coefficient(digits),
                               digits.scale() - exponent, false);
  }
  return Numeric::parse(text);
}

}  // namespace

Numeric Numeric::from_double(double value) {
  return from_floating(value, "double precision");
}
Numeric Numeric::from_float(float value) {
  return from_floating(value, "real");
}

}  // namespace tailrace
