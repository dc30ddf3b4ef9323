#include <fmt/format.h>

#include <array>
#include <limits>

#include "repr/datetime.hpp"
#include "repr/datetime_text.hpp"
#include "repr/error.hpp"

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

constexpr std::int64_t billion = 1'000'000'000;

// A decimal: whole + fraction * 10^-9, both of one sign; `negative` also for -0.5.
struct Amount {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
};

// Every unit that can be named, as a multiple of months, days or microseconds.
enum class Unit : std::uint8_t {
  millennium,
  century,
  decade,
  year,
  month,
  day,
  hour,
  minute,
  second,
  millisecond,
  microsecond,
};

struct UnitEntry {
  Unit unit;
  const char* label;  // in errors
  std::int64_t months;
  std::int64_t microseconds;
};

constexpr UnitEntry units[] = {
    {Unit::millennium, "MILLENNIUM", 12'000, 0},
    {Unit::century, "CENTURY", 1'200, 0},
    {Unit::decade, "DECADE", 120, 0},
    {Unit::year, "YEAR", 12, 0},
    {Unit::month, "MONTH", 1, 0},
    {Unit::day, "DAY", 0, 0},
    {Unit::hour, "HOUR", 0, microseconds_per_hour},
    {Unit::minute, "MINUTE", 0, microseconds_per_minute},
    {Unit::second, "SECOND", 0, microseconds_per_second},
    {Unit::millisecond, "MILLISECONDS", 0, 1'000},
    {Unit::microsecond, "MICROSECONDS", 0, 1},
};

struct UnitName {
  std::string_view name;
  Unit unit;
};

constexpr UnitName unit_names[] = {
    {"millennium", Unit::millennium},
    {"millenniums", Unit::millennium},
    {"millennia", Unit::millennium},
    {"mil", Unit::millennium},
    {"mils", Unit::millennium},
    {"century", Unit::century},
    {"centuries", Unit::century},
    {"cent", Unit::century},
    {"c", Unit::century},
    {"decade", Unit::decade},
    {"decades", Unit::decade},
    {"dec", Unit::decade},
    {"decs", Unit::decade},
    {"year", Unit::year},
    {"years", Unit::year},
    {"yr", Unit::year},
    {"yrs", Unit::year},
    {"y", Unit::year},
    {"month", Unit::month},
    {"months", Unit::month},
    {"mon", Unit::month},
    {"mons", Unit::month},
    {"day", Unit::day},
    {"days", Unit::day},
    {"d", Unit::day},
    {"hour", Unit::hour},
    {"hours", Unit::hour},
    {"hr", Unit::hour},
    {"hrs", Unit::hour},
    {"h", Unit::hour},
    {"minute", Unit::minute},
    {"minutes", Unit::minute},
    {"min", Unit::minute},
    {"mins", Unit::minute},
    {"m", Unit::minute},
    {"second", Unit::second},
    {"seconds", Unit::second},
    {"sec", Unit::second},
    {"secs", Unit::second},
    {"s", Unit::second},
    {"millisecond", Unit::millisecond},
    {"milliseconds", Unit::millisecond},
    {"millisecon", Unit::millisecond},
    {"msec", Unit::millisecond},
    {"msecs", Unit::millisecond},
    {"msecond", Unit::millisecond},
    {"mseconds", Unit::millisecond},
    {"ms", Unit::millisecond},
    {"microsecond", Unit::microsecond},
    {"microseconds", Unit::microsecond},
    {"usec", Unit::microsecond},
    {"usecs", Unit::microsecond},
    {"usecond", Unit::microsecond},
    {"useconds", Unit::microsecond},
    {"us", Unit::microsecond},
};

Unit unit_of(IntervalField field) {
  constexpr Unit order[] = {Unit::year, Unit::month,  Unit::day,
                            Unit::hour, Unit::minute, Unit::second};
  return order[static_cast<std::size_t>(field)];
}

class IntervalParser {
 public:
  IntervalParser(std::string_view text, const std::optional<IntervalQualifier>& qualifier)
      : all_(text), rest_(text), qualifier_(qualifier) {}

  Interval parse() {
    skip_blanks();
    if (rest_.empty()) fail("no interval fields found");
    while (!rest_.empty()) {
      read_part();
      skip_blanks();
    }
    if (nanoseconds_ % 1000 != 0) {
      const std::int64_t rest = nanoseconds_ % 1000;
      add_microseconds(nanoseconds_ / 1000 + (rest >= 500 ? 1 : rest <= -500 ? -1 : 0));
    } else {
      add_microseconds(nanoseconds_ / 1000);
    }
    if (months_ != static_cast<std::int32_t>(months_)) fail_overflow("months", 32);
    if (days_ != static_cast<std::int32_t>(days_)) fail_overflow("days", 32);
    Interval interval{static_cast<std::int32_t>(months_), static_cast<std::int32_t>(days_),
                      microseconds_};
    if (qualifier_) apply_qualifier(interval);
    return interval;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw SqlError(sqlstate::invalid_datetime_format,
                   fmt::format("invalid input syntax for type interval: {}: \"{}\"", why, all_));
  }
  [[noreturn]] void fail_overflow(const char* field, int bits) const {
    const std::int64_t most = bits == 32 ? std::numeric_limits<std::int32_t>::max()
                                         : std::numeric_limits<std::int64_t>::max();
    throw SqlError(sqlstate::interval_field_overflow,
                   fmt::format("invalid input syntax for type interval: Overflows maximum {}; "
                               "cannot exceed {}/{} {}: \"{}\"",
                               field, most, -most - 1, field, all_));
  }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool at_digit() const { return !rest_.empty() && is_digit(rest_.front()); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::int64_t whole_number() {
    std::int64_t value = 0;
    while (at_digit()) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, rest_.front() - '0', &value)) {
        fail("number out of range");
      }
      rest_.remove_prefix(1);
    }
    return value;
  }

  // Nine digits count, the others are dropped.
  std::int64_t fraction_digits() {
    std::int64_t value = 0;
    std::int64_t unit = billion / 10;
    while (at_digit()) {
      value += (rest_.front() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }

  void set(Unit unit) {
    bool& seen = seen_[static_cast<std::size_t>(unit)];
    if (seen) fail(fmt::format("{} field set twice", units[static_cast<std::size_t>(unit)].label));
    seen = true;
  }

  // One part: Y-M, H:M[:S[.f]], or a number with or without a unit.
  void read_part() {
    bool negative = false;
    if (take('-')) {
      negative = true;
    } else {
      take('+');
    }
    if (!at_digit() && !(rest_.starts_with('.') && rest_.size() > 1 && is_digit(rest_[1])) &&
        !(rest_.starts_with(':'))) {
      fail("unexpected character");
    }
    const std::int64_t sign = negative ? -1 : 1;
    Amount amount;
    amount.whole = sign * whole_number();
    if (take('-')) return read_year_month(amount.whole, sign);
    if (rest_.starts_with(':')) return read_clock(amount.whole, sign);
    if (take('.')) amount.fraction = sign * fraction_digits();
    skip_blanks();
    if (!rest_.empty() && is_letter(rest_.front())) {
      std::string name;
      while (!rest_.empty() && is_letter(rest_.front())) {
        name += static_cast<char>(rest_.front() | 32);
        rest_.remove_prefix(1);
      }
      for (const UnitName& entry : unit_names) {
        if (entry.name == name) return add_unit(entry.unit, amount);
      }
      fail(fmt::format("invalid DateTimeField: {}", name));
    }
    if (rest_.empty())
      return add_unit(qualifier_ ? unit_of(qualifier_->tail) : Unit::second, amount);
    // A bare number before something else counts days: "1 2:03:04", "1-2 3 4:05".
    add_unit(Unit::day, amount);
  }

  void read_year_month(std::int64_t years, std::int64_t sign) {
    if (!at_digit()) fail("expected MONTH after YEAR-");
    const std::int64_t months = whole_number();
    if (months > 12) fail(fmt::format("MONTH must be [-12, 12], got {}", sign * months));
    add_unit(Unit::year, {years, 0});
    add_unit(Unit::month, {sign * months, 0});
  }

  void read_clock(std::int64_t first, std::int64_t sign) {
    std::int64_t fields[3] = {first, 0, 0};
    std::int64_t fraction = 0;
    int count = 1;
    while (count < 3 && take(':')) {
      fields[count] = sign * whole_number();
      ++count;
    }
    if (take('.')) fraction = sign * fraction_digits();
    const bool minutes_first =
        count == 2 && (fraction != 0 || (qualifier_ && qualifier_->tail == IntervalField::second &&
                                         qualifier_->head == IntervalField::minute));
    if (minutes_first) {
      fields[2] = fields[1];
      fields[1] = fields[0];
      fields[0] = 0;
    }
    if (!minutes_first && (fields[1] > 59 || fields[1] < -59))
      fail(fmt::format("MINUTE must be [-59, 59], got {}", fields[1]));
    if (fields[2] > 60 || fields[2] < -60)
      fail(fmt::format("SECOND must be [-60, 60], got {}", fields[2]));
    add_unit(Unit::hour, {fields[0], 0});
    add_unit(Unit::minute, {fields[1], 0});
    add_unit(Unit::second, {fields[2], fraction});
  }

  void add_unit(Unit unit, const Amount& amount) {
    set(unit);
    const UnitEntry& entry = units[static_cast<std::size_t>(unit)];
    if (unit == Unit::millisecond || unit == Unit::microsecond) {
      if (seen_fraction_of_second_) fail("SECOND field set twice");
    }
    if (unit == Unit::second && amount.fraction != 0) {
      if (seen_[static_cast<std::size_t>(Unit::millisecond)] ||
          seen_[static_cast<std::size_t>(Unit::microsecond)]) {
        fail("SECOND field set twice");
      }
      seen_fraction_of_second_ = true;
    }
    if (unit == Unit::day) {
      add_days(amount.whole);
      add_nanoseconds(static_cast<__int128>(amount.fraction) * (microseconds_per_day / 1'000'000));
    } else if (entry.months != 0) {
      std::int64_t months = 0;
      if (__builtin_mul_overflow(amount.whole, entry.months, &months) ||
          __builtin_add_overflow(months_, months, &months_)) {
        fail_overflow("months", 32);
      }
      if (unit == Unit::month) {
        // 30 days a month; what is left of a day becomes time.
        const std::int64_t thirtieths = amount.fraction * 30;
        add_days(thirtieths / billion);
        add_nanoseconds(static_cast<__int128>(thirtieths % billion) *
                        (microseconds_per_day / 1'000'000));
      } else {
        months_ += amount.fraction * entry.months / billion;
      }
    } else {
      std::int64_t microseconds = 0;
      if (__builtin_mul_overflow(amount.whole, entry.microseconds, &microseconds))
        fail_overflow("microseconds", 64);
      add_microseconds(microseconds);
      add_nanoseconds(static_cast<__int128>(amount.fraction) * entry.microseconds / 1'000'000);
    }
  }

  void add_days(std::int64_t days) {
    if (__builtin_add_overflow(days_, days, &days_)) fail_overflow("days", 32);
  }
  void add_microseconds(std::int64_t microseconds) {
    if (__builtin_add_overflow(microseconds_, microseconds, &microseconds_))
      fail_overflow("microseconds", 64);
  }
  // What fractions leave: less than a day each.
  void add_nanoseconds(__int128 nanoseconds) {
    nanoseconds_ += static_cast<std::int64_t>(nanoseconds);
  }

  // Fields below the tail are dropped, larger ones are kept.
  void apply_qualifier(Interval& interval) const {
    switch (qualifier_->tail) {
      case IntervalField::year:
        interval.months -= interval.months % 12;
        [[fallthrough]];
      case IntervalField::month:
        interval.days = 0;
        [[fallthrough]];
      case IntervalField::day:
        interval.microseconds = 0;
        break;
      case IntervalField::hour:
        interval.microseconds -= interval.microseconds % microseconds_per_hour;
        break;
      case IntervalField::minute:
        interval.microseconds -= interval.microseconds % microseconds_per_minute;
        break;
      case IntervalField::second:
        break;
    }
    if (qualifier_->precision) {
      std::int64_t unit = 1;
      for (int i = *qualifier_->precision; i < 6; ++i) unit *= 10;
      const std::int64_t rest = interval.microseconds % unit;
      const std::int64_t whole = interval.microseconds - rest;
      const std::int64_t up = 2 * rest >= unit ? unit : 2 * rest <= -unit ? -unit : 0;
      if (unit > 1 && __builtin_add_overflow(whole, up, &interval.microseconds))
        fail_overflow("microseconds", 64);
    }
  }

  std::string_view all_;
  std::string_view rest_;
  const std::optional<IntervalQualifier>& qualifier_;
  std::array<bool, std::size(units)> seen_{};
  bool seen_fraction_of_second_ = false;
  std::int64_t months_ = 0;
  std::int64_t days_ = 0;
  std::int64_t microseconds_ = 0;
  std::int64_t nanoseconds_ = 0;
};

}  // namespace

Interval parse_interval(std::string_view text, const std::optional<IntervalQualifier>& qualifier) {
  return IntervalParser(text, qualifier).parse();
}

}  // namespace tailrace
