// The text that PostgreSQL writes, read on the hot path of replication: each reader knows the one
// form in which its type is nearly always written, and leaves every other to the general parsers.
#include <charconv>

#include "repr/datetime.hpp"
#include "repr/datetime_text.hpp"
#include "repr/json.hpp"
#include "repr/scalar_text.hpp"
#include "repr/text_format.hpp"
#include "repr/value_text.hpp"

namespace tailrace {

namespace {

void read_slowly(std::string_view text, ColumnBuilder& out) {
  // What upstream wrote has been coerced to its type already.
  out.append_value(parse_value(out.type().without_modifier(), text, TextOrigin::upstream));
}

void read_boolean(std::string_view text, ColumnBuilder& out) {
  if (text.size() == 1 && (text[0] == 't' || text[0] == 'f')) {
    return out.append(static_cast<std::uint8_t>(text[0] == 't'));
  }
  read_slowly(text, out);
}

template <class T>
void read_number(std::string_view text, ColumnBuilder& out) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return read_slowly(text, out);
  out.append(value);
}

// Up to 18 digits go straight into a decimal column.
void read_numeric(std::string_view text, ColumnBuilder& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (end - at > 19 || at == end) return read_slowly(text, out);
  std::uint64_t value = 0;  // 19 digits fit, of which 18 are used
  const char* point = nullptr;
  int digits = 0;
  for (; at != end; ++at) {
    const unsigned digit = static_cast<unsigned>(*at) - '0';
    if (digit < 10) {
      value = value * 10 + digit;
      ++digits;
    } else if (*at == '.' && !point) {
      point = at + 1;
    } else {
      return read_slowly(text, out);
    }
  }
  if (digits == 0 || digits > 18) return read_slowly(text, out);
  const auto magnitude = static_cast<std::int64_t>(value);
  out.append_decimal(negative ? -magnitude : magnitude, point ? static_cast<int>(end - point) : 0);
}

// The digits at `at`, two or four; -1 if one of them is none.
int two_digits(const char* at) {
  const unsigned high = static_cast<unsigned>(at[0]) - '0';
  const unsigned low = static_cast<unsigned>(at[1]) - '0';
  return high < 10 && low < 10 ? static_cast<int>(high * 10 + low) : -1;
}

int four_digits(const char* at) {
  const int high = two_digits(at);
  const int low = two_digits(at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

// YYYY-MM-DD
bool plain_date(const char* at, std::int64_t& days) {
  const int year = four_digits(at);
  const int month = two_digits(at + 5);
  const int day = two_digits(at + 8);
  if (year < 1 || at[4] != '-' || at[7] != '-' || month < 1 || month > 12 || day < 1 || day > 31)
    return false;
  if (day > 28 && day > days_in_month(year, month)) return false;
  days = days_of({year, month, day});
  return true;
}

// HH:MM:SS[.f{1,6}]; moves `at` to its end.
bool plain_time(const char*& at, const char* end, std::int64_t& microseconds) {
  if (end - at < 8 || at[2] != ':' || at[5] != ':') return false;
  const int hour = two_digits(at);
  const int minute = two_digits(at + 3);
  const int second = two_digits(at + 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  at += 8;
  std::int64_t fraction = 0;
  if (at != end && *at == '.') {
    ++at;
    std::int64_t unit = 100'000;
    for (; at != end && unit > 0; ++at, unit /= 10) {
      const unsigned digit = static_cast<unsigned>(*at) - '0';
      if (digit >= 10) break;
      fraction += digit * unit;
    }
  }
  microseconds = (hour * 3600 + minute * 60 + second) * microseconds_per_second + fraction;
  return true;
}

void read_date(std::string_view text, ColumnBuilder& out) {
  std::int64_t days = 0;
  if (text.size() != 10 || !plain_date(text.data(), days)) return read_slowly(text, out);
  out.append(static_cast<std::int32_t>(days));
}

void read_time(std::string_view text, ColumnBuilder& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::int64_t microseconds = 0;
  if (!plain_time(at, end, microseconds) || at != end) return read_slowly(text, out);
  out.append(microseconds);
}

template <bool with_zone>
void read_timestamp(std::string_view text, ColumnBuilder& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::int64_t days = 0;
  std::int64_t microseconds = 0;
  if (text.size() < 19 || at[10] != ' ' || !plain_date(at, days)) return read_slowly(text, out);
  at += 11;
  if (!plain_time(at, end, microseconds)) return read_slowly(text, out);
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  if (rest != (with_zone ? "+00" : "")) return read_slowly(text, out);
  out.append(days * microseconds_per_day + microseconds);
}

void read_text(std::string_view text, ColumnBuilder& out) {
  check_utf8(text);  // a server in SQL_ASCII does not check
  out.append_bytes(text);
}

void read_bytea(std::string_view text, ColumnBuilder& out) {
  out.append_bytes(parse_bytea(text));
}

void read_jsonb(std::string_view text, ColumnBuilder& out) {
  append_canonical_json(text, out.heap());
  out.end_bytes();
}

void read_uuid(std::string_view text, ColumnBuilder& out) {
  out.append(parse_uuid(text));
}

}  // namespace

TextReader upstream_text_reader(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
      return read_boolean;
    case TypeId::int2:
      return read_number<std::int16_t>;
    case TypeId::int4:
      return read_number<std::int32_t>;
    case TypeId::int8:
      return read_number<std::int64_t>;
    case TypeId::oid:
      return read_number<std::uint32_t>;
    case TypeId::numeric:
      return read_numeric;
    case TypeId::date:
      return read_date;
    case TypeId::time:
      return read_time;
    case TypeId::timestamp:
      return read_timestamp<false>;
    case TypeId::timestamptz:
      return read_timestamp<true>;
    case TypeId::text:
    case TypeId::varchar:
    case TypeId::bpchar:
    case TypeId::name:
      return read_text;
    case TypeId::bytea:
      return read_bytea;
    case TypeId::jsonb:
      return read_jsonb;
    case TypeId::uuid:
      return read_uuid;
    default:
      return read_slowly;
  }
}

}  // namespace tailrace
