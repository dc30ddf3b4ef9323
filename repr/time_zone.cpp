#include "repr/time_zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>

#include "repr/datetime.hpp"

namespace tailrace {

namespace {

constexpr std::int32_t hour = 3600;
constexpr std::int32_t half = 1800;

constexpr TimeZoneAbbreviation abbreviations[] = {
    {"ACDT", 10 * hour + half, true},
    {"ACST", 9 * hour + half, false},
    {"ADT", -3 * hour, true},
    {"AEDT", 11 * hour, true},
    {"AEST", 10 * hour, false},
    {"AKDT", -8 * hour, true},
    {"AKST", -9 * hour, false},
    {"ART", -3 * hour, false},
    {"AST", -4 * hour, false},
    {"AWST", 8 * hour, false},
    {"BRT", -3 * hour, false},
    {"BST", hour, true},
    {"CDT", -5 * hour, true},
    {"CEST", 2 * hour, true},
    {"CET", hour, false},
    {"CST", -6 * hour, false},
    {"EDT", -4 * hour, true},
    {"EEST", 3 * hour, true},
    {"EET", 2 * hour, false},
    {"EST", -5 * hour, false},
    {"GMT", 0, false},
    {"HKT", 8 * hour, false},
    {"HST", -10 * hour, false},
    {"IST", 2 * hour, false},
    {"JST", 9 * hour, false},
    {"KST", 9 * hour, false},
    {"MDT", -6 * hour, true},
    {"MEST", 2 * hour, true},
    {"MET", hour, false},
    {"MSK", 3 * hour, false},
    {"MST", -7 * hour, false},
    {"NDT", -2 * hour - half, true},
    {"NST", -3 * hour - half, false},
    {"NZDT", 13 * hour, true},
    {"NZST", 12 * hour, false},
    {"PDT", -7 * hour, true},
    {"PKT", 5 * hour, false},
    {"PST", -8 * hour, false},
    {"SAST", 2 * hour, false},
    {"SGT", 8 * hour, false},
    {"UCT", 0, false},
    {"UT", 0, false},
    {"UTC", 0, false},
    {"WEST", hour, true},
    {"WET", 0, false},
    {"Z", 0, false},
    {"ZULU", 0, false},
};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return result;
}

// The names that tzdata lists, by their upper-case form; read once.
const std::map<std::string, std::string>& names_by_upper_case() {
  static const std::map<std::string, std::string> names = [] {
    std::map<std::string, std::string> found;
    // Lines "Z name ..." begin a zone, "L target name" is a link.
    std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
    std::string line;
    while (std::getline(file, line)) {
      std::string name;
      if (line.starts_with("Z ")) {
        name = line.substr(2, line.find(' ', 2) - 2);
      } else if (line.starts_with("L ")) {
        const std::size_t second = line.find(' ', 2);
        if (second != std::string::npos) name = line.substr(second + 1);
      }
      if (!name.empty()) found.emplace(upper(name), name);
    }
    return found;
  }();
  return names;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '/' ||
      text.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  });
}

const absl::TimeZone* load(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, absl::TimeZone, std::less<>> loaded;
  std::lock_guard lock(mutex);
  if (const auto found = loaded.find(name); found != loaded.end()) return &found->second;
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(std::string(name), &zone)) return nullptr;
  return &loaded.emplace(name, zone).first->second;
}

absl::Time absolute(std::int64_t utc) {
  return absl::FromUnixSeconds(seconds_from_unix_epoch) + absl::Microseconds(utc);
}

const absl::TimeZone& as_zone(const void* zone) {
  return *static_cast<const absl::TimeZone*>(zone);
}

}  // namespace

TimeZone TimeZone::fixed(std::int32_t seconds_east) {
  TimeZone zone;
  zone.seconds_east_ = seconds_east;
  return zone;
}

std::int64_t TimeZone::to_utc(std::int64_t local) const {
  if (!zone_) return local - seconds_east_ * microseconds_per_second;
  const auto [days, microseconds] = split_timestamp(local);
  const CivilDate date = civil_date(days);
  const CivilTime time = civil_time(microseconds);
  const absl::CivilSecond civil(date.year, date.month, date.day, time.hour, time.minute,
                                time.second);
  const absl::TimeZone::TimeInfo info = as_zone(zone_).At(civil);
  // Standard time is the reading further to the west: the earlier offset in a gap, the later one in
  // an overlap.
  const absl::Time utc = std::max(info.pre, info.post);
  return (absl::ToUnixSeconds(utc) - seconds_from_unix_epoch) * microseconds_per_second +
         time.microsecond;
}

std::int64_t TimeZone::to_local(std::int64_t utc) const {
  return utc + (zone_ ? offset_at(utc).seconds_east : seconds_east_) * microseconds_per_second;
}

TimeZone::Offset TimeZone::offset_at(std::int64_t utc) const {
  if (!zone_) return {seconds_east_, false, seconds_east_ == 0 ? "UTC" : ""};
  const absl::TimeZone::CivilInfo info = as_zone(zone_).At(absolute(utc));
  return {static_cast<std::int32_t>(info.offset), info.is_dst, info.zone_abbr};
}

std::int32_t TimeZone::standard_offset_at(std::int64_t utc) const {
  const Offset now = offset_at(utc);
  if (!now.daylight_saving) return now.seconds_east;
  // The last period before this one that was not daylight saving.
  absl::Time at = absolute(utc);
  absl::TimeZone::CivilTransition transition;
  while (as_zone(zone_).PrevTransition(at, &transition)) {
    at = as_zone(zone_).At(transition.from).trans;
    const absl::TimeZone::CivilInfo before = as_zone(zone_).At(at - absl::Seconds(1));
    if (!before.is_dst) return static_cast<std::int32_t>(before.offset);
  }
  return now.seconds_east;
}

std::optional<TimeZone> find_time_zone(std::string_view name) {
  if (!is_name(name)) return std::nullopt;
  const std::string folded = upper(name);
  const auto abbreviation =
      std::lower_bound(std::begin(abbreviations), std::end(abbreviations), folded,
                       [](const TimeZoneAbbreviation& entry, const std::string& wanted) {
                         return entry.name < wanted;
                       });
  if (abbreviation != std::end(abbreviations) && abbreviation->name == folded) {
    return TimeZone::fixed(abbreviation->seconds_east);
  }
  const auto& names = names_by_upper_case();
  const auto found = names.find(folded);
  const absl::TimeZone* zone = nullptr;
  if (found != names.end()) {
    zone = load(found->second);
  } else if (names.empty()) {
    zone = load(name);  // a system without tzdata.zi
  }
  if (!zone) return std::nullopt;
  TimeZone result;
  result.zone_ = zone;
  return result;
}

std::optional<TimeZone> find_time_zone_or_offset(std::string_view text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return find_time_zone(text);
  const bool west = text.front() == '-';
  text.remove_prefix(1);
  std::int32_t parts[3] = {};
  int count = 0;
  while (!text.empty()) {
    if (count == 3) return std::nullopt;
    if (count > 0 && text.front() == ':') text.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < 2 && digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      parts[count] = parts[count] * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || (count > 0 && digits != 2)) return std::nullopt;
    text.remove_prefix(digits);
    ++count;
  }
  if (count == 0 || parts[0] > 15 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  const std::int32_t seconds = parts[0] * hour + parts[1] * 60 + parts[2];
  return TimeZone::fixed(west ? -seconds : seconds);
}

std::span<const TimeZoneAbbreviation> time_zone_abbreviations() {
  return abbreviations;
}

std::vector<std::string> time_zone_names() {
  std::vector<std::string> names;
  for (const auto& [folded, name] : names_by_upper_case()) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tailrace
