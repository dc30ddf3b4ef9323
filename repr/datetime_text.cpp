#include "repr/datetime_text.hpp"

#include <fmt/format.h>

#include "repr/datetime.hpp"
#include "repr/error.hpp"
#include "repr/time_zone.hpp"

namespace tailrace {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_punctuation(char c) {
  return c > ' ' && c < 0x7f && !is_digit(c) && !is_letter(c) && c != '+' && c != ':';
}

// Reads one text from front to back; `fail` names the whole of it.
class Scanner {
 public:
  Scanner(std::string_view text, const char* type) : all_(text), rest_(text), type_(type) {
    skip_blanks();
    while (!rest_.empty() && is_blank(rest_.back())) rest_.remove_suffix(1);
  }

  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  char peek(std::size_t ahead) const { return ahead < rest_.size() ? rest_[ahead] : '\0'; }
  std::string_view rest() const { return rest_; }
  void skip(std::size_t count) { rest_.remove_prefix(count); }
  std::size_t skip_blanks() {
    std::size_t count = 0;
    while (count < rest_.size() && is_blank(rest_[count])) ++count;
    rest_.remove_prefix(count);
    return count;
  }
  std::size_t digits_ahead() const {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    return count;
  }
  // `count` digits, at most 9.
  std::int64_t number(std::size_t count) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + (rest_[i] - '0');
    rest_.remove_prefix(count);
    return value;
  }
  // Takes "bc" or "ad" off the end, in any case of letters.
  bool take_suffix(std::string_view lower) {
    if (rest_.size() <= lower.size()) return false;
    const std::string_view tail = rest_.substr(rest_.size() - lower.size());
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if ((tail[i] | 32) != lower[i]) return false;
    }
    const char before = rest_[rest_.size() - lower.size() - 1];
    if (!is_blank(before) && !is_digit(before)) return false;
    rest_.remove_suffix(lower.size());
    while (!rest_.empty() && is_blank(rest_.back())) rest_.remove_suffix(1);
    return true;
  }

  [[noreturn]] void fail(std::string_view why = {}) const {
    throw SqlError(
        sqlstate::invalid_datetime_format,
        why.empty()
            ? fmt::format("invalid input syntax for type {}: \"{}\"", type_, all_)
            : fmt::format("invalid input syntax for type {}: {}: \"{}\"", type_, why, all_));
  }
  [[noreturn]] void fail_range() const {
    throw SqlError(sqlstate::datetime_field_overflow,
                   fmt::format("\"{}\" is out of range for type {}", all_, type_));
  }
  void check(const char* field, std::int64_t value, int least, int greatest) const {
    if (value < least || value > greatest) {
      fail(fmt::format("{} must be [{}, {}], got {}", field, least, greatest, value));
    }
  }

 private:
  std::string_view all_;
  std::string_view rest_;
  const char* type_;
};

struct Parsed {
  CivilDate date;
  std::int64_t microseconds = 0;
  std::string_view zone;  // empty: none
  bool epoch = false;
};

std::int64_t read_field(Scanner& in, std::size_t digits_max, const char* field) {
  const std::size_t digits = in.digits_ahead();
  if (digits == 0) in.fail();
  if (digits > digits_max) in.fail(fmt::format("{} has too many digits", field));
  return in.number(digits);
}

// Y-M-D, Y M-D, Y M D, YYYYMMDD, and M-D-Y where the first field has one or two digits.
CivilDate read_date(Scanner& in, bool before_christ) {
  const std::size_t digits = in.digits_ahead();
  if (digits == 0) in.fail();
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  const auto separator = [&] {
    if (is_punctuation(in.peek())) {
      in.skip(1);
      return false;
    }
    if (in.skip_blanks() == 0) in.fail();
    return true;
  };
  if (digits == 8) {
    year = in.number(4);
    month = in.number(2);
    day = in.number(2);
  } else {
    if (digits > 6) in.fail("YEAR has too many digits");
    const std::int64_t first = in.number(digits);
    const bool first_blank = separator();
    const std::int64_t second = read_field(in, 9, "MONTH");
    const bool second_blank = separator();
    if (second_blank && !first_blank) in.fail();
    if (digits <= 2) {
      month = first;
      day = second;
      const std::size_t year_digits = in.digits_ahead();
      year = read_field(in, 6, "YEAR");
      if (year_digits <= 2 && !before_christ) year += year >= 70 ? 1900 : 2000;
    } else {
      year = first;
      month = second;
      day = read_field(in, 9, "DAY");
    }
  }
  if (year == 0) in.fail("YEAR cannot be zero");
  if (before_christ) year = 1 - year;
  in.check("MONTH", month, 1, 12);
  in.check("DAY", day, 1, 31);
  if (day > days_in_month(year, static_cast<int>(month))) in.fail("invalid or out-of-range date");
  return {year, static_cast<int>(month), static_cast<int>(day)};
}

// Microseconds of .f, half up. A fraction of 0.9999995 and more gives a whole second.
std::int64_t read_fraction(Scanner& in) {
  std::int64_t value = 0;
  std::int64_t unit = 100'000;
  bool first_dropped = true;
  while (is_digit(in.peek())) {
    const int digit = in.peek() - '0';
    if (unit > 0) {
      value += digit * unit;
      unit /= 10;
    } else if (first_dropped) {
      value += digit >= 5 ? 1 : 0;
      first_dropped = false;
    }
    in.skip(1);
  }
  return value;
}

// H:M[:S[.f]]; minutes and seconds may be missing between and after their colons.
std::int64_t read_time(Scanner& in) {
  const auto field = [&](const char* name, int greatest) -> std::int64_t {
    const std::size_t digits = in.digits_ahead();
    if (digits == 0) return 0;
    const std::int64_t value = read_field(in, 9, name);
    in.check(name, value, 0, greatest);
    return value;
  };
  if (in.digits_ahead() == 0) in.fail("no time fields found");
  const std::int64_t hour = field("HOUR", 23);
  if (in.peek() != ':') in.fail();
  in.skip(1);
  const std::int64_t minute = field("MINUTE", 59);
  std::int64_t second = 0;
  std::int64_t fraction = 0;
  if (in.peek() == ':') {
    in.skip(1);
    second = field("SECOND", 60);
    if (in.peek() == '.') {
      in.skip(1);
      fraction = read_fraction(in);
    }
  }
  return hour * microseconds_per_hour + minute * microseconds_per_minute +
         second * microseconds_per_second + fraction;
}

Parsed read_timestamp(Scanner& in) {
  Parsed parsed;
  const std::string_view rest = in.rest();
  if (rest.size() == 5 && (rest[0] | 32) == 'e' && (rest[1] | 32) == 'p' && (rest[2] | 32) == 'o' &&
      (rest[3] | 32) == 'c' && (rest[4] | 32) == 'h') {
    parsed.date = {1970, 1, 1};
    parsed.epoch = true;
    return parsed;
  }
  const bool before_christ = in.take_suffix("bc");
  if (!before_christ) in.take_suffix("ad");
  parsed.date = read_date(in, before_christ);
  if ((in.peek() | 32) == 't' && is_digit(in.peek(1))) {
    in.skip(1);
  } else {
    const std::size_t blanks = in.skip_blanks();
    if (blanks == 0 && !in.at_end() && in.peek() != '+' && !is_letter(in.peek())) in.fail();
  }
  if (is_digit(in.peek())) {
    parsed.microseconds = read_time(in);
    in.skip_blanks();
  }
  parsed.zone = in.rest();
  return parsed;
}

// Reads, checks the zone, and gives microseconds since 2000 by the clock on the wall.
std::int64_t local_timestamp(Scanner& in, std::optional<TimeZone>& zone) {
  const Parsed parsed = read_timestamp(in);
  if (!parsed.zone.empty()) {
    zone = find_time_zone_or_offset(parsed.zone);
    if (!zone) in.fail(fmt::format("invalid time zone '{}'", parsed.zone));
  }
  const std::int64_t days = days_of(parsed.date);
  if (!date_in_range(days)) in.fail_range();
  return days * microseconds_per_day + parsed.microseconds;
}

char* two_digits(char* at, int value) {
  *at++ = static_cast<char>('0' + value / 10);
  *at++ = static_cast<char>('0' + value % 10);
  return at;
}

// HH:MM:SS[.ffffff] without trailing zeros; hours in two digits at least.
void append_clock(std::int64_t hour, int minute, int second, int microsecond, std::string& out) {
  char buffer[40];
  char* at = buffer;
  if (hour < 100) {
    at = two_digits(at, static_cast<int>(hour));
  } else {
    at = fmt::format_to(at, "{}", hour);
  }
  *at++ = ':';
  at = two_digits(at, minute);
  *at++ = ':';
  at = two_digits(at, second);
  if (microsecond != 0) {
    *at++ = '.';
    for (int unit = 100'000; microsecond != 0; unit /= 10) {
      *at++ = static_cast<char>('0' + microsecond / unit);
      microsecond %= unit;
    }
  }
  out.append(buffer, at);
}

// The date without the era.
bool append_civil_date(const CivilDate& date, std::string& out) {
  const bool before_christ = date.year <= 0;
  const std::int64_t year = before_christ ? 1 - date.year : date.year;
  char buffer[24];
  char* at = buffer;
  if (year < 10'000) {
    at = two_digits(at, static_cast<int>(year / 100));
    at = two_digits(at, static_cast<int>(year % 100));
  } else {
    at = fmt::format_to(at, "{}", year);
  }
  *at++ = '-';
  at = two_digits(at, date.month);
  *at++ = '-';
  at = two_digits(at, date.day);
  out.append(buffer, at);
  return before_christ;
}

void append_instant(std::int64_t timestamp, std::string_view zone, std::string& out) {
  const CivilTimestamp civil = civil_timestamp(timestamp);
  const bool before_christ = append_civil_date(civil.date, out);
  out += ' ';
  append_clock(civil.time.hour, civil.time.minute, civil.time.second, civil.time.microsecond, out);
  out += zone;
  if (before_christ) out += " BC";
}

}  // namespace

std::int32_t parse_date(std::string_view text) {
  Scanner in(text, "date");
  std::optional<TimeZone> zone;
  return static_cast<std::int32_t>(split_timestamp(local_timestamp(in, zone)).days);
}

std::int64_t parse_time(std::string_view text) {
  Scanner in(text, "time");
  std::int64_t microseconds = read_time(in);
  if (!in.at_end()) in.fail();
  // Of the leap second 23:59:60 nothing but itself remains in the day.
  if (microseconds >= microseconds_per_day + microseconds_per_second) in.fail_range();
  return microseconds;
}

std::int64_t parse_timestamp(std::string_view text) {
  Scanner in(text, "timestamp without time zone");
  std::optional<TimeZone> zone;
  const std::int64_t local = local_timestamp(in, zone);
  if (!timestamp_in_range(local)) in.fail_range();
  return local;
}

std::int64_t parse_timestamptz(std::string_view text) {
  Scanner in(text, "timestamp with time zone");
  std::optional<TimeZone> zone;
  const std::int64_t local = local_timestamp(in, zone);
  const std::int64_t utc = zone ? zone->to_utc(local) : local;
  if (!timestamp_in_range(utc)) in.fail_range();
  return utc;
}

void append_date(std::int64_t days, std::string& out) {
  if (append_civil_date(civil_date(days), out)) out += " BC";
}

void append_time(std::int64_t microseconds, std::string& out) {
  if (microseconds >= microseconds_per_day) {  // the leap second
    return append_clock(23, 59, 60, static_cast<int>(microseconds % microseconds_per_second), out);
  }
  const CivilTime time = civil_time(microseconds);
  append_clock(time.hour, time.minute, time.second, time.microsecond, out);
}

void append_timestamp(std::int64_t timestamp, std::string& out) {
  append_instant(timestamp, {}, out);
}
void append_timestamptz(std::int64_t timestamp, std::string& out) {
  append_instant(timestamp, "+00", out);
}

void append_interval(const Interval& interval, std::string& out) {
  const std::size_t begin = out.size();
  bool after_negative = false;
  const auto part = [&](std::int64_t value, const char* unit) {
    if (value == 0) return;
    if (out.size() != begin) out += ' ';
    if (value > 0 && after_negative) out += '+';
    fmt::format_to(std::back_inserter(out), "{} {}{}", value, unit, value == 1 ? "" : "s");
    after_negative = value < 0;
  };
  part(interval.months / 12, "year");
  part(interval.months % 12, "mon");
  part(interval.days, "day");
  if (interval.microseconds == 0 && out.size() != begin) return;
  if (out.size() != begin) out += ' ';
  const bool negative = interval.microseconds < 0;
  if (negative) {
    out += '-';
  } else if (after_negative) {
    out += '+';
  }
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(interval.microseconds)
                                           : static_cast<std::uint64_t>(interval.microseconds);
  append_clock(static_cast<std::int64_t>(magnitude / microseconds_per_hour),
               static_cast<int>(magnitude % microseconds_per_hour / microseconds_per_minute),
               static_cast<int>(magnitude % microseconds_per_minute / microseconds_per_second),
               static_cast<int>(magnitude % microseconds_per_second), out);
}

}  // namespace tailrace
