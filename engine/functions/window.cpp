#include "engine/functions/window.hpp"

#include <algorithm>

namespace tailrace::engine {

namespace {

using Kind = Parameter::Kind;

// Sorted by name; overloads side by side.
const std::vector<WindowFunction>& table() {
  static const std::vector<WindowFunction> functions = {
      {"dense_rank",
       WindowKind::dense_rank,
       {},
       TypeId::int8,
       "The number of the peer group, from 1."},
      {"first_value",
       WindowKind::first_value,
       {Kind::anyelement},
       Kind::anyelement,
       "The value of the frame's first row."},
      {"lag", WindowKind::lag, {Kind::anyelement}, Kind::anyelement, "The value one row before."},
      {"lag",
       WindowKind::lag,
       {Kind::anyelement, TypeId::int4},
       Kind::anyelement,
       "The value `offset` rows before."},
      {"lag",
       WindowKind::lag,
       {Kind::anycompatible, TypeId::int4, Kind::anycompatible},
       Kind::anycompatible,
       "The value `offset` rows before, or the default."},
      {"last_value",
       WindowKind::last_value,
       {Kind::anyelement},
       Kind::anyelement,
       "The value of the frame's last row."},
      {"lead", WindowKind::lead, {Kind::anyelement}, Kind::anyelement, "The value one row after."},
      {"lead",
       WindowKind::lead,
       {Kind::anyelement, TypeId::int4},
       Kind::anyelement,
       "The value `offset` rows after."},
      {"lead",
       WindowKind::lead,
       {Kind::anycompatible, TypeId::int4, Kind::anycompatible},
       Kind::anycompatible,
       "The value `offset` rows after, or the default."},
      {"rank", WindowKind::rank, {}, TypeId::int8, "The number of the first peer, from 1."},
      {"row_number", WindowKind::row_number, {}, TypeId::int8, "The number of the row, from 1."},
  };
  return functions;
}

}  // namespace

const std::vector<const WindowFunction*>& all_window_functions() {
  static const std::vector<const WindowFunction*> all = [] {
    std::vector<const WindowFunction*> pointers;
    for (const WindowFunction& function : table()) pointers.push_back(&function);
    return pointers;
  }();
  return all;
}

std::span<const WindowFunction* const> window_functions_named(std::string_view name) {
  const auto& all = all_window_functions();
  const auto first =
      std::find_if(all.begin(), all.end(), [&](const auto* f) { return f->name == name; });
  const auto last = std::find_if(first, all.end(), [&](const auto* f) { return f->name != name; });
  return {first, last};
}

}  // namespace tailrace::engine
