#include <limits>

#include "repr/datetime.hpp"
#include "repr/error.hpp"
#include "repr/nested.hpp"
#include "repr/order.hpp"

namespace tailrace {

namespace {

bool is_discrete(const Type& element) {
  return element.id() == TypeId::int4 || element.id() == TypeId::int8 ||
         element.id() == TypeId::date;
}

// The value after this one.
Value successor(const Type& element, const Value& value) {
  if (element.id() == TypeId::int8) {
    const auto number = std::get<std::int64_t>(value);
    if (number == std::numeric_limits<std::int64_t>::max()) {
      throw SqlError(sqlstate::numeric_value_out_of_range, "bigint out of range");
    }
    return number + 1;
  }
  const auto number = std::get<std::int32_t>(value);
  if (element.id() == TypeId::date) return checked_date(std::int64_t{number} + 1);
  if (number == std::numeric_limits<std::int32_t>::max()) {
    throw SqlError(sqlstate::numeric_value_out_of_range, "integer out of range");
  }
  return number + 1;
}

}  // namespace

RangeValue canonical_range(const Type& type, RangeValue range) {
  if (range.empty) return {.empty = true};
  const Type& element = type.element();
  if (!range.lower.value) range.lower.inclusive = false;
  if (!range.upper.value) range.upper.inclusive = false;
  const auto compare = [&] {
    return compare_values(element, *range.lower.value, *range.upper.value, Equality::sql);
  };
  if (range.lower.value && range.upper.value) {
    const int order = compare();
    if (order > 0) {
      throw SqlError(SqlState("22000"),
                     "range lower bound must be less than or equal to range upper bound");
    }
    if (order == 0 && !(range.lower.inclusive && range.upper.inclusive)) return {.empty = true};
  }
  if (is_discrete(element)) {
    if (range.lower.value && !range.lower.inclusive) {
      range.lower = {successor(element, *range.lower.value), true};
    }
    if (range.upper.value && range.upper.inclusive) {
      range.upper = {successor(element, *range.upper.value), false};
    }
    if (range.lower.value && range.upper.value && compare() >= 0) return {.empty = true};
  }
  return range;
}

ArrayValue canonical_array(ArrayValue array) {
  if (array.elements.empty()) array.dimensions.clear();
  return array;
}

}  // namespace tailrace
