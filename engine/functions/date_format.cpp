// to_char of timestamps: PostgreSQL's template patterns.
#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/datetime.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;

constexpr std::array<Text, 12> month_names = {"January",   "February", "March",    "April",
                                              "May",       "June",     "July",     "August",
                                              "September", "October",  "November", "December"};
constexpr std::array<Text, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
constexpr std::array<Text, 12> roman_months = {"I",   "II",   "III", "IV", "V",  "VI",
                                               "VII", "VIII", "IX",  "X",  "XI", "XII"};

enum class Case { as_is, upper, lower };

std::string cased(Text text, Case wanted) {
  std::string result(text);
  for (char& c : result) {
    if (wanted == Case::upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (wanted == Case::lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

// The moment, taken apart once.
struct Moment {
  CivilTimestamp civil;
  std::int64_t days;
  std::int64_t microseconds;
  bool has_zone;

  std::int64_t shown_year() const {
    return civil.date.year <= 0 ? 1 - civil.date.year : civil.date.year;
  }
  int weekday() const { return day_of_week(days); }
};

// What one pattern writes: a number with its width, or a word with the width it is padded to.
struct Piece {
  bool is_number = false;
  std::int64_t number = 0;
  int width = 0;
  std::string word;
};

Piece number(std::int64_t value, int width) {
  return {.is_number = true, .number = value, .width = width, .word = {}};
}
Piece word(std::string text, int width = 0) {
  return {.is_number = false, .width = width, .word = std::move(text)};
}

struct Pattern {
  Text text;
  Piece (*make)(const Moment&);
};

int half_day_hour(const Moment& m) {
  const auto hour = static_cast<int>(m.civil.time.hour % 12);
  return hour == 0 ? 12 : hour;
}
std::int64_t iso_year(const Moment& m) {
  return iso_week(m.days).year;
}
std::int64_t last_digits(std::int64_t year, std::int64_t modulus) {
  return std::abs(year) % modulus;
}
bool is_morning(const Moment& m) {
  return m.civil.time.hour < 12;
}
bool is_bc(const Moment& m) {
  return m.civil.date.year <= 0;
}
Text month_name(const Moment& m) {
  return month_names[static_cast<std::size_t>(m.civil.date.month - 1)];
}
Text day_name(const Moment& m) {
  return day_names[static_cast<std::size_t>(m.weekday())];
}

// Longer patterns stand before those that begin them.
constexpr Pattern patterns[] = {
    {"HH24", [](const Moment& m) { return number(m.civil.time.hour, 2); }},
    {"HH12", [](const Moment& m) { return number(half_day_hour(m), 2); }},
    {"HH", [](const Moment& m) { return number(half_day_hour(m), 2); }},
    {"MI", [](const Moment& m) { return number(m.civil.time.minute, 2); }},
    {"SSSS", [](const Moment& m) { return number(m.microseconds / microseconds_per_second, 0); }},
    {"SS", [](const Moment& m) { return number(m.civil.time.second, 2); }},
    {"MS", [](const Moment& m) { return number(m.civil.time.microsecond / 1000, 3); }},
    {"US", [](const Moment& m) { return number(m.civil.time.microsecond, 6); }},
    {"A.M.", [](const Moment& m) { return word(is_morning(m) ? "A.M." : "P.M."); }},
    {"P.M.", [](const Moment& m) { return word(is_morning(m) ? "A.M." : "P.M."); }},
    {"a.m.", [](const Moment& m) { return word(is_morning(m) ? "a.m." : "p.m."); }},
    {"p.m.", [](const Moment& m) { return word(is_morning(m) ? "a.m." : "p.m."); }},
    {"AM", [](const Moment& m) { return word(is_morning(m) ? "AM" : "PM"); }},
    {"PM", [](const Moment& m) { return word(is_morning(m) ? "AM" : "PM"); }},
    {"am", [](const Moment& m) { return word(is_morning(m) ? "am" : "pm"); }},
    {"pm", [](const Moment& m) { return word(is_morning(m) ? "am" : "pm"); }},
    {"B.C.", [](const Moment& m) { return word(is_bc(m) ? "B.C." : "A.D."); }},
    {"A.D.", [](const Moment& m) { return word(is_bc(m) ? "B.C." : "A.D."); }},
    {"b.c.", [](const Moment& m) { return word(is_bc(m) ? "b.c." : "a.d."); }},
    {"a.d.", [](const Moment& m) { return word(is_bc(m) ? "b.c." : "a.d."); }},
    {"BC", [](const Moment& m) { return word(is_bc(m) ? "BC" : "AD"); }},
    {"AD", [](const Moment& m) { return word(is_bc(m) ? "BC" : "AD"); }},
    {"bc", [](const Moment& m) { return word(is_bc(m) ? "bc" : "ad"); }},
    {"ad", [](const Moment& m) { return word(is_bc(m) ? "bc" : "ad"); }},
    {"Y,YYY",
     [](const Moment& m) {
       return word(fmt::format("{},{:03}", m.shown_year() / 1000, m.shown_year() % 1000));
     }},
    {"IYYY", [](const Moment& m) { return number(iso_year(m), 4); }},
    {"IYY", [](const Moment& m) { return number(last_digits(iso_year(m), 1000), 3); }},
    {"IY", [](const Moment& m) { return number(last_digits(iso_year(m), 100), 2); }},
    {"IDDD",
     [](const Moment& m) {
       return number((iso_week(m.days).week - 1) * 7 + (m.weekday() + 6) % 7 + 1, 3);
     }},
    {"ID", [](const Moment& m) { return number(m.weekday() == 0 ? 7 : m.weekday(), 0); }},
    {"IW", [](const Moment& m) { return number(iso_week(m.days).week, 2); }},
    {"I", [](const Moment& m) { return number(last_digits(iso_year(m), 10), 0); }},
    {"YYYY", [](const Moment& m) { return number(m.shown_year(), 4); }},
    {"YYY", [](const Moment& m) { return number(m.shown_year() % 1000, 3); }},
    {"YY", [](const Moment& m) { return number(m.shown_year() % 100, 2); }},
    {"Y", [](const Moment& m) { return number(m.shown_year() % 10, 0); }},
    {"MONTH", [](const Moment& m) { return word(cased(month_name(m), Case::upper), 9); }},
    {"Month", [](const Moment& m) { return word(std::string(month_name(m)), 9); }},
    {"month", [](const Moment& m) { return word(cased(month_name(m), Case::lower), 9); }},
    {"MON", [](const Moment& m) { return word(cased(month_name(m).substr(0, 3), Case::upper)); }},
    {"Mon", [](const Moment& m) { return word(std::string(month_name(m).substr(0, 3))); }},
    {"mon", [](const Moment& m) { return word(cased(month_name(m).substr(0, 3), Case::lower)); }},
    {"MM", [](const Moment& m) { return number(m.civil.date.month, 2); }},
    {"DAY", [](const Moment& m) { return word(cased(day_name(m), Case::upper), 9); }},
    {"Day", [](const Moment& m) { return word(std::string(day_name(m)), 9); }},
    {"day", [](const Moment& m) { return word(cased(day_name(m), Case::lower), 9); }},
    {"DY", [](const Moment& m) { return word(cased(day_name(m).substr(0, 3), Case::upper)); }},
    {"Dy", [](const Moment& m) { return word(std::string(day_name(m).substr(0, 3))); }},
    {"dy", [](const Moment& m) { return word(cased(day_name(m).substr(0, 3), Case::lower)); }},
    {"DDD", [](const Moment& m) { return number(day_of_year(m.civil.date), 3); }},
    {"DD", [](const Moment& m) { return number(m.civil.date.day, 2); }},
    {"D", [](const Moment& m) { return number(m.weekday() + 1, 0); }},
    {"WW", [](const Moment& m) { return number((day_of_year(m.civil.date) - 1) / 7 + 1, 2); }},
    {"W", [](const Moment& m) { return number((m.civil.date.day - 1) / 7 + 1, 0); }},
    {"CC", [](const Moment& m) { return number((m.shown_year() + 99) / 100, 2); }},
    {"J", [](const Moment& m) { return number(m.days + 2'451'545, 0); }},
    {"Q", [](const Moment& m) { return number((m.civil.date.month + 2) / 3, 0); }},
    {"RM",
     [](const Moment& m) {
       return word(std::string(roman_months[static_cast<std::size_t>(m.civil.date.month - 1)]), 4);
     }},
    {"rm",
     [](const Moment& m) {
       return word(
           cased(roman_months[static_cast<std::size_t>(m.civil.date.month - 1)], Case::lower), 4);
     }},
    {"TZ", [](const Moment& m) { return word(m.has_zone ? "UTC" : ""); }},
    {"tz", [](const Moment& m) { return word(m.has_zone ? "utc" : ""); }},
};

Text ordinal_suffix(std::int64_t value) {
  const std::int64_t last_two = std::abs(value) % 100;
  if (last_two >= 11 && last_two <= 13) return "th";
  switch (last_two % 10) {
    case 1:
      return "st";
    case 2:
      return "nd";
    case 3:
      return "rd";
    default:
      return "th";
  }
}

void append_piece(const Piece& piece, bool fill, std::string& out) {
  if (!piece.is_number) {
    out += piece.word;
    const auto width = static_cast<std::size_t>(piece.width);
    if (fill && piece.word.size() < width) out.append(width - piece.word.size(), ' ');
  } else if (fill) {
    out += fmt::format("{:0{}}", piece.number, piece.width);
  } else {
    out += fmt::to_string(piece.number);
  }
}

void format(const Moment& moment, Text rest, std::string& out) {
  while (!rest.empty()) {
    if (rest[0] == '"') {
      rest.remove_prefix(1);
      const std::size_t end = rest.find('"');
      out += rest.substr(0, end);
      rest.remove_prefix(end == Text::npos ? rest.size() : end + 1);
      continue;
    }
    const bool fill = !(rest.starts_with("FM") || rest.starts_with("fm"));
    const Text after_prefix = fill ? rest : rest.substr(2);
    const Pattern* found = nullptr;
    for (const Pattern& pattern : patterns) {
      if (after_prefix.starts_with(pattern.text)) {
        found = &pattern;
        break;
      }
    }
    if (found == nullptr) {
      if (!fill) {
        rest = after_prefix;
        continue;
      }
      out += rest[0];
      rest.remove_prefix(1);
      continue;
    }
    const Piece piece = found->make(moment);
    append_piece(piece, fill, out);
    rest = after_prefix.substr(found->text.size());
    if (piece.is_number && (rest.starts_with("TH") || rest.starts_with("th"))) {
      out += cased(ordinal_suffix(piece.number), rest[0] == 'T' ? Case::upper : Case::lower);
      rest.remove_prefix(2);
    }
  }
}

template <bool has_zone>
void to_char_kernel(KernelCall& call) {
  write<std::int64_t, Text>(call, [](std::int64_t timestamp, Text pattern, std::string& out) {
    const DayAndTime parts = split_timestamp(timestamp);
    format({civil_timestamp(timestamp), parts.days, parts.microseconds, has_zone}, pattern, out);
  });
}

}  // namespace

std::vector<Function> date_format_functions() {
  constexpr Text doc = "The time as text, by a template.";
  return {
      infallible(function_entry("to_char", {TypeId::timestamp, TypeId::text}, TypeId::text, doc,
                                "to_char('2020-05-06 07:08:09'::timestamp, 'YYYY-MM-DD "
                                "HH24:MI:SS') = '2020-05-06 07:08:09'",
                                to_char_kernel<false>)),
      infallible(function_entry(
          "to_char", {TypeId::timestamptz, TypeId::text}, TypeId::text, doc,
          "to_char('2020-05-06 07:08:09+00'::timestamptz, 'FMDDth Mon TZ') = '6th May UTC'",
          to_char_kernel<true>)),
  };
}

}  // namespace tailrace::engine
