#include "engine/functions/date_unit.hpp"

#include <fmt/format.h>

#include <string>

#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

struct Spelling {
  std::string_view text;
  DateUnit unit;
};

constexpr Spelling spellings[] = {
    {"epoch", DateUnit::epoch},
    {"millennium", DateUnit::millennium},
    {"millenniums", DateUnit::millennium},
    {"millennia", DateUnit::millennium},
    {"mil", DateUnit::millennium},
    {"mils", DateUnit::millennium},
    {"century", DateUnit::century},
    {"centuries", DateUnit::century},
    {"cent", DateUnit::century},
    {"c", DateUnit::century},
    {"decade", DateUnit::decade},
    {"decades", DateUnit::decade},
    {"dec", DateUnit::decade},
    {"decs", DateUnit::decade},
    {"year", DateUnit::year},
    {"years", DateUnit::year},
    {"yr", DateUnit::year},
    {"yrs", DateUnit::year},
    {"y", DateUnit::year},
    {"quarter", DateUnit::quarter},
    {"qtr", DateUnit::quarter},
    {"month", DateUnit::month},
    {"months", DateUnit::month},
    {"mon", DateUnit::month},
    {"mons", DateUnit::month},
    {"week", DateUnit::week},
    {"weeks", DateUnit::week},
    {"w", DateUnit::week},
    {"day", DateUnit::day},
    {"days", DateUnit::day},
    {"d", DateUnit::day},
    {"hour", DateUnit::hour},
    {"hours", DateUnit::hour},
    {"hr", DateUnit::hour},
    {"hrs", DateUnit::hour},
    {"h", DateUnit::hour},
    {"minute", DateUnit::minute},
    {"minutes", DateUnit::minute},
    {"min", DateUnit::minute},
    {"mins", DateUnit::minute},
    {"m", DateUnit::minute},
    {"second", DateUnit::second},
    {"seconds", DateUnit::second},
    {"sec", DateUnit::second},
    {"secs", DateUnit::second},
    {"s", DateUnit::second},
    {"millisecond", DateUnit::milliseconds},
    {"milliseconds", DateUnit::milliseconds},
    {"millisecon", DateUnit::milliseconds},
    {"msec", DateUnit::milliseconds},
    {"msecs", DateUnit::milliseconds},
    {"mseconds", DateUnit::milliseconds},
    {"ms", DateUnit::milliseconds},
    {"microsecond", DateUnit::microseconds},
    {"microseconds", DateUnit::microseconds},
    {"microsecon", DateUnit::microseconds},
    {"usec", DateUnit::microseconds},
    {"usecs", DateUnit::microseconds},
    {"useconds", DateUnit::microseconds},
    {"us", DateUnit::microseconds},
    {"dow", DateUnit::dow},
    {"isodow", DateUnit::isodow},
    {"doy", DateUnit::doy},
    {"isoyear", DateUnit::isoyear},
};

}  // namespace

DateUnit parse_date_unit(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const Spelling& spelling : spellings) {
    if (lower == spelling.text) return spelling.unit;
  }
  throw SqlError(sqlstate::invalid_parameter_value, fmt::format("unit '{}' not recognized", text));
}

}  // namespace tailrace::engine
