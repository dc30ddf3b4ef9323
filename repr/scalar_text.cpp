#include "repr/scalar_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "repr/datetime.hpp"
#include "repr/datetime_text.hpp"
#include "repr/error.hpp"

namespace tailrace {

std::string_view trim_blanks(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void fail_text(const char* type, std::string_view text) {
  throw SqlError(sqlstate::invalid_text_representation,
                 fmt::format("invalid input syntax for type {}: \"{}\"", type, text));
}

bool parse_boolean(std::string_view text) {
  const std::string_view trimmed = trim_blanks(text);
  if (trimmed == "t") return true;
  if (trimmed == "f") return false;
  std::string lower(trimmed);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const auto is_prefix_of = [&](std::string_view word) {
    return !lower.empty() && word.starts_with(lower);
  };
  if (is_prefix_of("true") || is_prefix_of("yes") || lower == "on" || lower == "1") return true;
  if (is_prefix_of("false") || is_prefix_of("no") || lower == "of" || lower == "off" ||
      lower == "0")
    return false;
  fail_text("boolean", text);
}

namespace {

[[noreturn]] void fail_integer(const char* type, const char* why, SqlState state,
                               std::string_view text) {
  throw SqlError(state,
                 fmt::format("invalid input syntax for type {}: {}: \"{}\"", type, why, text));
}

}  // namespace

template <class T>
T parse_integer(std::string_view text, const char* type) {
  std::string_view digits = trim_blanks(text);
  if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') digits.remove_prefix(1);
  if (digits.empty()) {
    fail_integer(type, "cannot parse integer from empty string",
                 sqlstate::invalid_text_representation, text);
  }
  T value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) {
    fail_integer(type, "invalid digit found in string", sqlstate::invalid_text_representation,
                 text);
  }
  if (error == std::errc::result_out_of_range) {
    fail_integer(type,
                 digits.front() == '-' ? "number too small to fit in target type"
                                       : "number too large to fit in target type",
                 sqlstate::numeric_value_out_of_range, text);
  }
  return value;
}

template std::int16_t parse_integer(std::string_view, const char*);
template std::int32_t parse_integer(std::string_view, const char*);
template std::int64_t parse_integer(std::string_view, const char*);
template std::uint16_t parse_integer(std::string_view, const char*);
template std::uint32_t parse_integer(std::string_view, const char*);
template std::uint64_t parse_integer(std::string_view, const char*);

std::uint32_t parse_oid(std::string_view text, const char* type) {
  const auto value = parse_integer<std::int64_t>(text, type);
  if (value < std::numeric_limits<std::int32_t>::min() ||
      value > std::numeric_limits<std::uint32_t>::max()) {
    throw SqlError(
        sqlstate::numeric_value_out_of_range,
        fmt::format("value \"{}\" is out of range for type {}", trim_blanks(text), type));
  }
  return static_cast<std::uint32_t>(value);
}

namespace {

template <class Float>
Float parse_float(std::string_view text, const char* type) {
  std::string_view digits = trim_blanks(text);
  bool negative = false;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) {
    negative = digits.front() == '-';
    digits.remove_prefix(1);
  }
  if (digits.empty()) fail_text(type, text);
  Float value = 0;
  if ((digits.front() >= '0' && digits.front() <= '9') || digits.front() == '.') {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
      fail_text(type, text);
    // Not every library reports both overflow and underflow.
    const bool zero =
        value == 0 && digits.substr(0, digits.find_first_of("eE")).find_first_of("123456789") !=
                          std::string_view::npos;
    if (error == std::errc::result_out_of_range || zero || std::isinf(value)) {
      throw SqlError(sqlstate::numeric_value_out_of_range,
                     fmt::format("\"{}\" is out of range for type {}", trim_blanks(text), type));
    }
    return negative ? -value : value;
  }
  std::string lower(digits);
  for (char& c : lower) c = static_cast<char>(c | 32);
  if (lower == "infinity" || lower == "inf") {
    value = std::numeric_limits<Float>::infinity();
    return negative ? -value : value;
  }
  if (lower == "nan") return std::numeric_limits<Float>::quiet_NaN();
  fail_text(type, text);
}

}  // namespace

float parse_float4(std::string_view text) {
  return parse_float<float>(text, "real");
}
double parse_float8(std::string_view text) {
  return parse_float<double>(text, "double precision");
}

std::uint64_t parse_mz_timestamp(std::string_view text) {
  const std::string_view trimmed = trim_blanks(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (error == std::errc() && end == trimmed.data() + trimmed.size()) return value;
  const auto fail = [&](std::string_view why) {
    throw SqlError(
        sqlstate::invalid_text_representation,
        fmt::format(
            "invalid input syntax for type mz_timestamp: could not parse mz_timestamp: {}: \"{}\"",
            why, text));
  };
  std::int64_t timestamp = 0;
  try {
    timestamp = parse_timestamptz(trimmed);
  } catch (const SqlError& cause) {
    fail(cause.message());
  }
  const auto milliseconds = milliseconds_from_timestamp(timestamp);
  if (!milliseconds) fail("out of range for mz_timestamp");
  return *milliseconds;
}

namespace {

// 0 to 15, or -1.
constexpr std::array<std::int8_t, 256> hex_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::int8_t>(10 + i);
  return values;
}();

int hex_value(char c) {
  return hex_values[static_cast<std::uint8_t>(c)];
}

constexpr char hex_digits[] = "0123456789abcdef";

}  // namespace

Uuid parse_uuid(std::string_view text) {
  Uuid uuid;
  std::string_view rest = text;
  if (rest.size() >= 2 && rest.front() == '{' && rest.back() == '}')
    rest = rest.substr(1, rest.size() - 2);
  std::size_t digits = 0;
  bool hyphen_allowed = false;
  for (char c : rest) {
    if (c == '-') {
      if (!hyphen_allowed || digits == 32) fail_text("uuid", text);
      hyphen_allowed = false;
      continue;
    }
    const int value = hex_value(c);
    if (value < 0 || digits == 32) fail_text("uuid", text);
    uuid.bytes[digits / 2] = static_cast<std::uint8_t>(uuid.bytes[digits / 2] << 4 | value);
    ++digits;
    hyphen_allowed = digits % 4 == 0;
  }
  if (digits != 32 || rest.back() == '-') fail_text("uuid", text);
  return uuid;
}

std::string parse_bytea(std::string_view text) {
  std::string bytes;
  if (text.starts_with("\\x") || text.starts_with("\\X")) {
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 2; i < text.size(); ++i) {
      const char c = text[i];
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
      const int high = hex_value(c);
      if (high < 0) {
        throw SqlError(
            sqlstate::invalid_text_representation,
            fmt::format("invalid input syntax for type bytea: invalid hexadecimal digit: \"{}\"",
                        text));
      }
      const int low = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
      if (low < 0) {
        throw SqlError(
            sqlstate::invalid_text_representation,
            fmt::format(
                "invalid input syntax for type bytea: odd number of hexadecimal digits: \"{}\"",
                text));
      }
      bytes += static_cast<char>(high << 4 | low);
      ++i;
    }
    return bytes;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes += '\\';
      ++i;
    } else {
      const auto octal = [&](std::size_t at, char most) {
        return at < text.size() && text[at] >= '0' && text[at] <= most;
      };
      if (!octal(i + 1, '3') || !octal(i + 2, '7') || !octal(i + 3, '7')) {
        fail_text("bytea", text);
      }
      bytes += static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
                                 (text[i + 3] - '0'));
      i += 3;
    }
  }
  return bytes;
}

std::string parse_char1(std::string_view text) {
  // \ooo is how bytes that are no text are written.
  const auto octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  if (text.size() == 4 && text[0] == '\\' && octal(1) && octal(2) && octal(3)) {
    const char byte =
        static_cast<char>((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
    return byte == '\0' ? std::string() : std::string(1, byte);
  }
  return std::string(text.substr(0, 1));
}

void check_utf8(std::string_view text) {
  // Mostly ASCII, eight bytes at a time.
  std::size_t at = 0;
  bool zero = false;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) break;
    zero |= ((word - 0x0101010101010101U) & ~word & 0x8080808080808080U) != 0;
  }
  bool ascii = true;
  for (std::size_t i = at; i < text.size(); ++i) {
    ascii &= static_cast<signed char>(text[i]) >= 0;
    zero |= text[i] == '\0';
  }
  if (zero) {
    throw SqlError(sqlstate::character_not_in_repertoire,
                   "invalid byte sequence for encoding \"UTF8\": 0x00");
  }
  if (!ascii && !simdjson::validate_utf8(text.data() + at, text.size() - at)) {
    throw SqlError(sqlstate::character_not_in_repertoire,
                   "invalid byte sequence for encoding \"UTF8\"");
  }
}

namespace {

bool starts_character(char c) {
  return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80;
}

// The bytes of the first `count` characters; all, if there are fewer.
std::size_t bytes_of_characters(std::string_view text, std::size_t count) {
  if (text.size() <= count) return text.size();
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (starts_character(text[i]) && ++seen > count) return i;
  }
  return text.size();
}

}  // namespace

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (char c : text) count += static_cast<std::size_t>(starts_character(c));
  return count;
}

std::string coerce_text(const Type& type, std::string_view text) {
  switch (type.id()) {
    case TypeId::varchar:
    case TypeId::bpchar: {
      if (type.modifier() == Type::no_modifier) return std::string(text);
      const auto length = static_cast<std::size_t>(type.modifier());
      std::string result(text.substr(0, bytes_of_characters(text, length)));
      if (type.id() == TypeId::bpchar) {
        const std::size_t characters = count_characters(result);
        if (characters < length) result.append(length - characters, ' ');
      }
      return result;
    }
    case TypeId::name: {
      std::size_t length = std::min<std::size_t>(text.size(), 63);
      while (length < text.size() && length > 0 && !starts_character(text[length])) --length;
      return std::string(text.substr(0, length));
    }
    case TypeId::char1:
      return parse_char1(text);
    default:
      return std::string(text);
  }
}

namespace {

// 0.d1d2... * 10^k: plain where low < k <= high, else with an exponent of as many digits as it
// needs.
template <class Float>
void append_shortest(Float value, int low, int high, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  if (std::signbit(value)) {
    out += '-';
    value = -value;
  }
  if (value == 0) {
    out += '0';
    return;
  }
  char buffer[48];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  // d[.ddd]e[+-]xx
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t mark = text.find('e');
  char digits[24];
  int count = 0;
  for (char c : text.substr(0, mark)) {
    if (c != '.') digits[count++] = c;
  }
  int exponent = 0;
  const char* from = text.data() + mark + 1;
  if (*from == '+') ++from;
  std::from_chars(from, end, exponent);
  const int k = exponent + 1;
  const auto put = [&](int first, int last) {
    out.append(digits + first, static_cast<std::size_t>(last - first));
  };
  if (k > high || k <= low) {
    put(0, 1);
    if (count > 1) {
      out += '.';
      put(1, count);
    }
    fmt::format_to(std::back_inserter(out), "e{:+}", exponent);
  } else if (k <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-k), '0');
    put(0, count);
  } else if (count <= k) {
    put(0, count);
    out.append(static_cast<std::size_t>(k - count), '0');
  } else {
    put(0, k);
    out += '.';
    put(k, count);
  }
}

}  // namespace

void append_float4(float value, std::string& out) {
  append_shortest(value, -6, 13, out);
}
void append_float8(double value, std::string& out) {
  append_shortest(value, -5, 16, out);
}

void append_float(double value, int digits, std::string& out) {
  if (!std::isfinite(value)) return append_float8(value, out);
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  out.append(buffer, static_cast<std::size_t>(length));
}

template <class T>
void append_integer(T value, std::string& out) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}

template void append_integer(std::int16_t, std::string&);
template void append_integer(std::int32_t, std::string&);
template void append_integer(std::int64_t, std::string&);
template void append_integer(std::uint16_t, std::string&);
template void append_integer(std::uint32_t, std::string&);
template void append_integer(std::uint64_t, std::string&);

void append_bytea(std::string_view bytes, std::string& out) {
  out += "\\x";
  for (char c : bytes) {
    out += hex_digits[static_cast<std::uint8_t>(c) >> 4];
    out += hex_digits[static_cast<std::uint8_t>(c) & 15];
  }
}

void append_uuid(const Uuid& uuid, std::string& out) {
  char buffer[36];
  char* at = buffer;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = hex_digits[uuid.bytes[i] >> 4];
    *at++ = hex_digits[uuid.bytes[i] & 15];
  }
  out.append(buffer, sizeof buffer);
}

void append_char1(std::string_view byte, std::string& out) {
  if (byte.empty() || static_cast<std::uint8_t>(byte[0]) < 0x80) {
    out += byte;
  } else {
    const auto value = static_cast<std::uint8_t>(byte[0]);
    out += '\\';
    out += static_cast<char>('0' + (value >> 6));
    out += static_cast<char>('0' + (value >> 3 & 7));
    out += static_cast<char>('0' + (value & 7));
  }
}

}  // namespace tailrace
