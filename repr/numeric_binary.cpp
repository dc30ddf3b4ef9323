#include "repr/numeric_binary.hpp"

#include <vector>

#include "repr/decimal.hpp"
#include "repr/error.hpp"
#include "repr/network_bytes.hpp"

namespace tailrace {

namespace {

constexpr std::uint16_t sign_negative = 0x4000;
constexpr std::uint16_t sign_nan = 0xC000;
constexpr std::uint16_t sign_infinity = 0xD000;
constexpr std::uint16_t sign_negative_infinity = 0xF000;

struct Header {
  int digits;
  int weight;
  std::uint16_t sign;
  int scale;
};

// Leaves the digits in `bytes`.
Header take_header(std::string_view& bytes) {
  Header header;
  header.digits = take_network<std::int16_t>(bytes, "numeric");
  header.weight = take_network<std::int16_t>(bytes, "numeric");
  header.sign = take_network<std::uint16_t>(bytes, "numeric");
  header.scale = take_network<std::int16_t>(bytes, "numeric");
  if (header.digits < 0 || header.scale < 0 || header.scale > 0x3fff ||
      bytes.size() != static_cast<std::size_t>(header.digits) * 2) {
    fail_binary("numeric");
  }
  switch (header.sign) {
    case 0:
    case sign_negative:
    case sign_nan:
      return header;
    case sign_infinity:
    case sign_negative_infinity:
      throw SqlError(sqlstate::numeric_value_out_of_range, "numeric infinity is not supported");
    default:
      fail_binary("numeric");
  }
}

int digit_at(std::string_view bytes, int i) {
  const auto digit =
      read_network<std::int16_t>(bytes.substr(static_cast<std::size_t>(i) * 2, 2), "numeric");
  if (digit < 0 || digit > 9999) fail_binary("numeric");
  return digit;
}

}  // namespace

void append_binary_numeric(const Numeric& value, std::string& out) {
  const auto header = [&](std::size_t digits, int weight, std::uint16_t sign, int scale) {
    put_network(out, static_cast<std::int16_t>(digits));
    put_network(out, static_cast<std::int16_t>(weight));
    put_network(out, sign);
    put_network(out, static_cast<std::int16_t>(scale));
  };
  if (value.is_nan()) return header(0, 0, sign_nan, 0);
  if (value.is_infinite())
    return header(0, 0, value.is_negative() ? sign_negative_infinity : sign_infinity, 0);
  // The decimal digits, padded on both sides of the point to whole groups of four.
  std::string text = value.absolute().to_string();
  std::string whole = text.substr(0, text.find('.'));
  std::string fraction = value.scale() > 0 ? text.substr(whole.size() + 1) : std::string();
  whole.insert(0, (4 - whole.size() % 4) % 4, '0');
  fraction.append((4 - fraction.size() % 4) % 4, '0');
  const std::string all = whole + fraction;
  std::vector<std::int16_t> digits;
  for (std::size_t i = 0; i < all.size(); i += 4) {
    digits.push_back(static_cast<std::int16_t>((all[i] - '0') * 1000 + (all[i + 1] - '0') * 100 +
                                               (all[i + 2] - '0') * 10 + (all[i + 3] - '0')));
  }
  int weight = static_cast<int>(whole.size() / 4) - 1;
  std::size_t first = 0;
  while (first < digits.size() && digits[first] == 0) {
    ++first;
    --weight;
  }
  while (digits.size() > first && digits.back() == 0) digits.pop_back();
  if (digits.size() == first) weight = 0;
  header(digits.size() - first, weight, value.is_negative() ? sign_negative : 0, value.scale());
  for (std::size_t i = first; i < digits.size(); ++i) put_network(out, digits[i]);
}

Numeric parse_binary_numeric(std::string_view bytes) {
  const Header header = take_header(bytes);
  if (header.sign == sign_nan) return Numeric::nan();
  if (header.digits == 0) return {};
  // As decimal text, whose parser counts digits and rounds nothing.
  std::string text = header.sign == sign_negative ? "-" : "";
  for (int i = 0; i < header.digits; ++i) {
    const int digit = digit_at(bytes, i);
    for (int unit = 1000; unit > 0; unit /= 10) text += static_cast<char>('0' + digit / unit % 10);
  }
  text += 'E';
  text += std::to_string((header.weight - header.digits + 1) * 4);
  return Numeric::parse(text, Numeric::Excess::reject);
}

void read_binary_numeric(std::string_view bytes, ColumnBuilder& out) {
  std::string_view rest = bytes;
  const Header header = take_header(rest);
  if (header.sign != sign_nan && header.digits <= 4 && header.scale <= 18) {
    std::int64_t value = 0;
    for (int i = 0; i < header.digits; ++i) value = value * 10'000 + digit_at(rest, i);
    if (header.sign == sign_negative) value = -value;
    // From the scale of whole groups to the one that is shown.
    const int surplus = (header.digits - 1 - header.weight) * 4 - header.scale;
    if (value == 0) return out.append_decimal(0, header.scale);
    if (surplus >= 0 && surplus <= 18) {
      const std::int64_t unit = powers_of_ten_64[static_cast<std::size_t>(surplus)];
      if (value % unit == 0) return out.append_decimal(value / unit, header.scale);
    } else if (surplus < 0 && scale_up(value, -surplus, value)) {
      return out.append_decimal(value, header.scale);
    }
  }
  out.append_numeric(parse_binary_numeric(bytes));
}

}  // namespace tailrace
