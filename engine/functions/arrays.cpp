// Arrays: constructor, subscripts, sizes, concatenation, search.
#include <fmt/format.h>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "engine/functions/utf8.hpp"
#include "repr/nested.hpp"
#include "repr/order.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = Parameter::Kind;

bool same_element(const Type& type, const Value& a, const Value& b) {
  return compare_values(type, a, b, Equality::sql) == 0;
}

[[noreturn]] void throw_mismatch(std::string message) {
  throw SqlError(sqlstate::array_subscript_error, std::move(message));
}

// ARRAY[a, b]: of elements, or of arrays of one shape.
void array_kernel(KernelCall& call) {
  const Type type = call.result_type();
  const bool nested = call.size() > 0 && call[0].type().id() == TypeId::array;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    ArrayValue array;
    std::optional<std::vector<ArrayDimension>> inner;
    for (const Operand& operand : call.operands()) {
      if (!nested) {
        array.elements.push_back(operand.value(row));
        continue;
      }
      ArrayValue part =
          operand.is_null(row) ? ArrayValue() : decode_array(type, operand.bytes(row));
      if (inner && *inner != part.dimensions) {
        const std::size_t have =
            part.dimensions.empty() ? 0 : static_cast<std::size_t>(part.dimensions[0].length);
        const std::size_t want = inner->empty() ? 0 : static_cast<std::size_t>((*inner)[0].length);
        throw_mismatch(fmt::format(
            "number of array elements ({}) does not match declared cardinality ({})", have, want));
      }
      inner = part.dimensions;
      for (Value& value : part.elements) array.elements.push_back(std::move(value));
    }
    array.dimensions = {{.length = static_cast<std::int32_t>(call.size())}};
    if (inner) array.dimensions.insert(array.dimensions.end(), inner->begin(), inner->end());
    out.append_bytes(encode_array(type, canonical_array(std::move(array))));
  });
}

// a[i][j]: NULL for a wrong number of subscripts, or outside.
void array_index_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const ArrayValue array = decode_array(type, call[0].bytes(row));
    std::size_t place = 0;
    bool inside = array.dimensions.size() == call.size() - 1;
    for (std::size_t i = 0; inside && i < array.dimensions.size(); ++i) {
      const ArrayDimension& dimension = array.dimensions[i];
      const std::int64_t index =
          std::get<std::int64_t>(call[i + 1].value(row)) - dimension.lower_bound;
      inside = index >= 0 && index < dimension.length;
      place = place * static_cast<std::size_t>(dimension.length) + static_cast<std::size_t>(index);
    }
    if (inside) {
      out.append_value(array.elements[place]);
    } else {
      out.append_null();
    }
  });
}

enum class Bound { length, lower, upper };

template <Bound bound>
void bound_kernel(KernelCall& call) {
  const Type type = call[0].type();
  compute<std::optional<std::int32_t>(Text, std::int64_t)>(
      call, [&](Text bytes, std::int64_t dimension) -> std::optional<std::int32_t> {
        const ArrayValue array = decode_array(type, bytes);
        if (dimension < 1 || static_cast<std::size_t>(dimension) > array.dimensions.size())
          return std::nullopt;
        const ArrayDimension& found = array.dimensions[static_cast<std::size_t>(dimension - 1)];
        if (bound == Bound::length) return found.length;
        return bound == Bound::lower ? found.lower_bound : found.lower_bound + found.length - 1;
      });
}

ArrayValue concatenated(ArrayValue a, ArrayValue b) {
  if (a.dimensions.empty()) return b;
  if (b.dimensions.empty()) return a;
  const std::size_t depth_a = a.dimensions.size();
  const std::size_t depth_b = b.dimensions.size();
  const auto inner_equal = [](const std::vector<ArrayDimension>& x, std::size_t skip_x,
                              const std::vector<ArrayDimension>& y, std::size_t skip_y) {
    return std::equal(x.begin() + static_cast<std::ptrdiff_t>(skip_x), x.end(),
                      y.begin() + static_cast<std::ptrdiff_t>(skip_y), y.end(),
                      [](const auto& p, const auto& q) { return p.length == q.length; });
  };
  std::vector<ArrayDimension> dimensions;
  if (depth_a == depth_b && inner_equal(a.dimensions, 1, b.dimensions, 1)) {
    dimensions = a.dimensions;
    dimensions[0].length += b.dimensions[0].length;
  } else if (depth_a == depth_b + 1 && inner_equal(a.dimensions, 1, b.dimensions, 0)) {
    dimensions = a.dimensions;
    dimensions[0].length += 1;
  } else if (depth_a + 1 == depth_b && inner_equal(a.dimensions, 0, b.dimensions, 1)) {
    dimensions = b.dimensions;
    dimensions[0].length += 1;
  } else {
    throw SqlError(sqlstate::array_subscript_error, "cannot concatenate incompatible arrays")
        .detail(fmt::format("Arrays of {} and {} dimensions are not compatible for concatenation.",
                            depth_a, depth_b));
  }
  for (Value& value : b.elements) a.elements.push_back(std::move(value));
  a.dimensions = std::move(dimensions);
  return a;
}

void cat_kernel(KernelCall& call) {
  const Type type = call.result_type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const bool a_null = call[0].is_null(row);
    const bool b_null = call[1].is_null(row);
    if (a_null && b_null) {
      out.append_null();
    } else if (a_null || b_null) {
      out.append_bytes(call[a_null ? 1 : 0].bytes(row));
    } else {
      out.append_bytes(encode_array(type, concatenated(decode_array(type, call[0].bytes(row)),
                                                       decode_array(type, call[1].bytes(row)))));
    }
  });
}

// array || element (element_first false) and element || array.
template <bool element_first>
void add_element_kernel(KernelCall& call) {
  const Type type = call.result_type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const Operand& array = call[element_first ? 1 : 0];
    const Operand& element = call[element_first ? 0 : 1];
    ArrayValue value = array.is_null(row) ? ArrayValue() : decode_array(type, array.bytes(row));
    if (value.dimensions.size() > 1)
      throw_mismatch("argument must be empty or one-dimensional array");
    value.elements.insert(element_first ? value.elements.begin() : value.elements.end(),
                          element.value(row));
    if (value.dimensions.empty()) value.dimensions = {{}};
    ++value.dimensions[0].length;
    out.append_bytes(encode_array(type, value));
  });
}

void position_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    if (call.size() == 3 && call[2].is_null(row)) {
      throw SqlError(sqlstate::null_value_not_allowed, "initial position must not be null");
    }
    if (call[0].is_null(row)) {
      out.append_null();
      return;
    }
    const ArrayValue array = decode_array(type, call[0].bytes(row));
    if (array.dimensions.size() > 1) {
      throw SqlError(sqlstate::feature_not_supported,
                     "searching for elements in multidimensional arrays is not supported");
    }
    const Value wanted = call[1].value(row);
    const std::int32_t first = array.dimensions.empty() ? 1 : array.dimensions[0].lower_bound;
    const std::int32_t from = call.size() == 3 ? std::get<std::int32_t>(call[2].value(row)) : first;
    for (std::size_t i = 0; i < array.elements.size(); ++i) {
      const std::int32_t place = first + static_cast<std::int32_t>(i);
      if (place >= from && same_element(type.element(), array.elements[i], wanted)) {
        out.append<std::int32_t>(place);
        return;
      }
    }
    out.append_null();
  });
}

void remove_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    if (call[0].is_null(row)) {
      out.append_null();
      return;
    }
    ArrayValue array = decode_array(type, call[0].bytes(row));
    if (array.dimensions.size() > 1) {
      throw SqlError(sqlstate::feature_not_supported,
                     "removing elements from multidimensional arrays is not supported");
    }
    const Value unwanted = call[1].value(row);
    std::erase_if(array.elements, [&](const Value& value) {
      return same_element(type.element(), value, unwanted);
    });
    if (!array.dimensions.empty())
      array.dimensions[0].length = static_cast<std::int32_t>(array.elements.size());
    out.append_bytes(encode_array(type, canonical_array(std::move(array))));
  });
}

void to_string_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    if (call[0].is_null(row) || call[1].is_null(row)) {
      out.append_null();
      return;
    }
    const bool shows_nulls = call.size() == 3 && !call[2].is_null(row);
    std::string joined;
    bool first = true;
    for (const Value& value : decode_array(type, call[0].bytes(row)).elements) {
      if (is_null(value) && !shows_nulls) continue;
      if (!first) joined += call[1].bytes(row);
      first = false;
      joined += is_null(value) ? std::string(call[2].bytes(row)) : to_text(type.element(), value);
    }
    out.append_bytes(joined);
  });
}

void string_to_array_kernel(KernelCall& call) {
  const Type type = call.result_type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    if (call[0].is_null(row)) {
      out.append_null();
      return;
    }
    const bool has_null_text = call.size() == 3 && !call[2].is_null(row);
    ArrayValue array;
    const auto add = [&](Text part) {
      const bool null = has_null_text && part == call[2].bytes(row);
      array.elements.push_back(null ? Value(Null{}) : Value(std::string(part)));
    };
    Text text = call[0].bytes(row);
    if (!text.empty() && call[1].is_null(row)) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        utf8::next(text, at);
        add(text.substr(begin, at - begin));
      }
    } else if (!text.empty()) {
      const Text delimiter = call[1].bytes(row);
      for (std::size_t at; !delimiter.empty() && (at = text.find(delimiter)) != Text::npos;) {
        add(text.substr(0, at));
        text.remove_prefix(at + delimiter.size());
      }
      add(text);
    }
    array.dimensions = {{.length = static_cast<std::int32_t>(array.elements.size())}};
    out.append_bytes(encode_array(type, canonical_array(std::move(array))));
  });
}

// Every element of b is in a; NULLs are in nothing.
bool contains(const Type& type, Text a, Text b) {
  const ArrayValue whole = decode_array(type, a);
  for (const Value& wanted : decode_array(type, b).elements) {
    if (is_null(wanted)) return false;
    bool found = false;
    for (const Value& value : whole.elements) {
      found = found || (!is_null(value) && same_element(type.element(), value, wanted));
    }
    if (!found) return false;
  }
  return true;
}

void add_search(std::vector<Function>& out) {
  out.push_back(handling_nulls(
      function_entry("array_position", {Kind::anycompatiblearray, Kind::anycompatible},
                     TypeId::int4, "Where the element first stands, NULL if nowhere.",
                     "array_position(ARRAY[1,2], 2) = 2", position_kernel)));
  out.push_back(handling_nulls(function_entry(
      "array_position", {Kind::anycompatiblearray, Kind::anycompatible, TypeId::int4}, TypeId::int4,
      "Where the element first stands from a position on.",
      "array_position(ARRAY[1,2,1], 1, 2) = 3", position_kernel)));
  out.push_back(handling_nulls(
      function_entry("array_remove", {Kind::anycompatiblearray, Kind::anycompatible},
                     Kind::anycompatiblearray, "Without the elements equal to the value.",
                     "array_remove(ARRAY[1,2], 2) = ARRAY[1]", remove_kernel)));
  out.push_back(infallible(operator_entry("@>", {Kind::anyarray, Kind::anyarray}, TypeId::boolean,
                                          "Whether every element of the second is in the first.",
                                          "(ARRAY[1,2] @> ARRAY[2]) = true", [](KernelCall& call) {
                                            compute<bool(Text, Text)>(call, [&](Text a, Text b) {
                                              return contains(call[0].type(), a, b);
                                            });
                                          })));
  out.push_back(infallible(operator_entry("<@", {Kind::anyarray, Kind::anyarray}, TypeId::boolean,
                                          "Whether every element of the first is in the second.",
                                          "(ARRAY[2] <@ ARRAY[1,2]) = true", [](KernelCall& call) {
                                            compute<bool(Text, Text)>(call, [&](Text a, Text b) {
                                              return contains(call[0].type(), b, a);
                                            });
                                          })));
}

}  // namespace

std::vector<Function> array_functions() {
  std::vector<Function> out;
  out.push_back(in_schema("mz_internal", variadic(never_null(handling_nulls(function_entry(
                                             "array", {Kind::any}, Kind::anyarray,
                                             "The array of the values: what ARRAY[...] is.",
                                             "ARRAY[1,2] = '{1,2}'", array_kernel))))));
  Function index = in_schema("mz_internal",
                             variadic(function_entry("array_index", {Kind::anyarray, TypeId::int8},
                                                     Kind::anyelement, "The element: what a[i] is.",
                                                     "(ARRAY[1,2])[2] = 2", array_index_kernel)));
  out.push_back(infallible(std::move(index)));
  const auto add_bound = [&](Text name, Text doc, Text example, Kernel kernel) {
    out.push_back(infallible(
        function_entry(name, {Kind::anyarray, TypeId::int8}, TypeId::int4, doc, example, kernel)));
  };
  add_bound("array_length", "How many elements a dimension has.", "array_length(ARRAY[1,2], 1) = 2",
            bound_kernel<Bound::length>);
  add_bound("array_lower", "The first subscript of a dimension.", "array_lower(ARRAY[1,2], 1) = 1",
            bound_kernel<Bound::lower>);
  add_bound("array_upper", "The last subscript of a dimension.", "array_upper(ARRAY[1,2], 1) = 2",
            bound_kernel<Bound::upper>);
  const auto cat = [](Function function) { return handling_nulls(std::move(function)); };
  out.push_back(cat(operator_entry("||", {Kind::anycompatiblearray, Kind::anycompatiblearray},
                                   Kind::anycompatiblearray, "One after the other.",
                                   "ARRAY[1] || ARRAY[2] = ARRAY[1,2]", cat_kernel)));
  out.push_back(cat(operator_entry("||", {Kind::anycompatiblearray, Kind::anycompatible},
                                   Kind::anycompatiblearray, "The element at the end.",
                                   "ARRAY[1] || 2 = ARRAY[1,2]", add_element_kernel<false>)));
  out.push_back(cat(operator_entry("||", {Kind::anycompatible, Kind::anycompatiblearray},
                                   Kind::anycompatiblearray, "The element at the start.",
                                   "1 || ARRAY[2] = ARRAY[1,2]", add_element_kernel<true>)));
  out.push_back(cat(function_entry(
      "array_cat", {Kind::anycompatiblearray, Kind::anycompatiblearray}, Kind::anycompatiblearray,
      "One after the other.", "array_cat(ARRAY[1], ARRAY[2]) = ARRAY[1,2]", cat_kernel)));
  out.push_back(
      cat(function_entry("array_append", {Kind::anycompatiblearray, Kind::anycompatible},
                         Kind::anycompatiblearray, "The element at the end.",
                         "array_append(ARRAY[1], 2) = ARRAY[1,2]", add_element_kernel<false>)));
  out.push_back(
      cat(function_entry("array_prepend", {Kind::anycompatible, Kind::anycompatiblearray},
                         Kind::anycompatiblearray, "The element at the start.",
                         "array_prepend(1, ARRAY[2]) = ARRAY[1,2]", add_element_kernel<true>)));
  add_search(out);
  out.push_back(cat(function_entry("array_to_string", {Kind::anyarray, TypeId::text}, TypeId::text,
                                   "The texts of the elements that are not NULL, with a separator.",
                                   "array_to_string(ARRAY[1,2], ',') = '1,2'", to_string_kernel)));
  out.push_back(cat(
      function_entry("array_to_string", {Kind::anyarray, TypeId::text, TypeId::text}, TypeId::text,
                     "The texts of the elements, with a separator and a text for NULL.",
                     "array_to_string(ARRAY[1,NULL], ',', '-') = '1,-'", to_string_kernel)));
  const Type texts = Type::array_of(TypeId::text);
  out.push_back(cat(function_entry(
      "string_to_array", {TypeId::text, TypeId::text}, texts, "The parts between delimiters.",
      "string_to_array('a,b', ',') = '{a,b}'", string_to_array_kernel)));
  out.push_back(
      cat(function_entry("string_to_array", {TypeId::text, TypeId::text, TypeId::text}, texts,
                         "The parts between delimiters; one text stands for NULL.",
                         "string_to_array('a,-', ',', '-') = '{a,NULL}'", string_to_array_kernel)));
  return out;
}

}  // namespace tailrace::engine
