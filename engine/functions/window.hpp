// Functions that are called with OVER only: ranks, neighbours, ends of the frame. Aggregates with
// OVER are aggregates.
//
// A table of signatures for the binder; the Window operators compute them by `kind`.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/functions/function.hpp"

namespace tailrace::engine {

enum class WindowKind : std::uint8_t {
  row_number,
  rank,
  dense_rank,
  lag,
  lead,
  first_value,
  last_value
};

struct WindowFunction {
  std::string_view name;
  WindowKind kind;
  // lag and lead always get three arguments: value, offset (int4), default; the binder fills what
  // is missing.
  std::vector<Parameter> takes;
  Parameter gives;
  std::string_view doc;

  // Looks at the frame; the others at partition and order only.
  bool uses_frame() const {
    return kind == WindowKind::first_value || kind == WindowKind::last_value;
  }
  bool may_ignore_nulls() const { return kind == WindowKind::lag || kind == WindowKind::lead; }
};

std::span<const WindowFunction* const> window_functions_named(std::string_view name);
const std::vector<const WindowFunction*>& all_window_functions();

}  // namespace tailrace::engine
