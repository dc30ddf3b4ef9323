#include "engine/functions/zone.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "repr/datetime.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

absl::Time time_of_timestamp(std::int64_t timestamp) {
  return absl::FromUnixSeconds(seconds_from_unix_epoch) + absl::Microseconds(timestamp);
}

// [+-]HH[:MM[:SS]] or [+-]HHMM in seconds, east positive as written.
std::optional<int> parse_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int fields[3] = {0, 0, 0};
  int count = 0;
  std::size_t at = 1;
  while (at < text.size() && count < 3) {
    std::size_t digits = 0;
    int value = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 2) {
      value = value * 10 + (text[at++] - '0');
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    fields[count++] = value;
    if (at < text.size() && text[at] == ':') ++at;
  }
  if (at != text.size() || fields[0] > 15 || fields[1] > 59 || fields[2] > 59) return std::nullopt;
  const int seconds = fields[0] * 3600 + fields[1] * 60 + fields[2];
  return text[0] == '-' ? -seconds : seconds;
}

struct Abbreviation {
  std::string_view name;
  int hours;
};
constexpr Abbreviation abbreviations[] = {
    {"utc", 0},   {"gmt", 0},   {"z", 0},     {"zulu", 0},  {"est", -5},  {"edt", -4},
    {"cst", -6},  {"cdt", -5},  {"mst", -7},  {"mdt", -6},  {"pst", -8},  {"pdt", -7},
    {"akst", -9}, {"akdt", -8}, {"hst", -10}, {"wet", 0},   {"west", 1},  {"bst", 1},
    {"cet", 1},   {"cest", 2},  {"eet", 2},   {"eest", 3},  {"msk", 3},   {"jst", 9},
    {"kst", 9},   {"aest", 10}, {"aedt", 11}, {"nzst", 12}, {"nzdt", 13},
};

}  // namespace

std::int64_t Zone::offset_at(std::int64_t timestamptz) const {
  return zone_.At(time_of_timestamp(timestamptz)).offset * microseconds_per_second;
}

std::int64_t Zone::to_utc(std::int64_t timestamp) const {
  const CivilTimestamp civil = civil_timestamp(timestamp);
  const absl::CivilSecond local(civil.date.year, civil.date.month, civil.date.day, civil.time.hour,
                                civil.time.minute, civil.time.second);
  const absl::TimeZone::TimeInfo info = zone_.At(local);
  absl::Time when = info.pre;
  if (info.kind != absl::TimeZone::TimeInfo::UNIQUE) {
    when = zone_.At(info.pre).is_dst ? info.post : info.pre;
    if (info.kind == absl::TimeZone::TimeInfo::SKIPPED)
      when = zone_.At(info.trans - absl::Seconds(1)).is_dst ? info.post : info.pre;
  }
  return (absl::ToUnixSeconds(when) - seconds_from_unix_epoch) * microseconds_per_second +
         civil.time.microsecond;
}

Zone parse_zone(std::string_view text) {
  // One zone is asked for again and again.
  thread_local std::string last;
  thread_local std::optional<Zone> last_zone;
  if (last_zone && last == text) return *last_zone;
  std::optional<Zone> zone;
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (const std::optional<int> offset = parse_offset(text)) {
    zone = Zone(absl::FixedTimeZone(-*offset));
  } else {
    for (const Abbreviation& abbreviation : abbreviations) {
      if (lower == abbreviation.name) zone = Zone(absl::FixedTimeZone(abbreviation.hours * 3600));
    }
    absl::TimeZone loaded;
    if (!zone && absl::LoadTimeZone(std::string(text), &loaded)) zone = Zone(loaded);
  }
  if (!zone)
    throw SqlError(sqlstate::invalid_parameter_value, fmt::format("invalid time zone '{}'", text));
  last = text;
  last_zone = zone;
  return *zone;
}

}  // namespace tailrace::engine
