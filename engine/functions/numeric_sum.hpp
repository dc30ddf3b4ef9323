// An exact sum of numerics: 384 bits at scale 39, wide enough for any count of 39-digit values. 72
// bytes a group.
#pragma once

#include <cstdint>

#include "engine/functions/wide_integer.hpp"
#include "repr/numeric.hpp"

namespace tailrace::engine {

struct NumericSum {
  WideInteger<6> finite;
  std::int64_t nans;
  std::int64_t infinities;
  std::int64_t count;

  void add(const Numeric& value, std::int64_t times);
  void add_scaled(std::int64_t value, int scale, std::int64_t times);  // value * 10^-scale
  void merge(const NumericSum& other);
  // Rounded to 39 digits; an infinity where it is out of range.
  Numeric sum() const;
};

}  // namespace tailrace::engine
