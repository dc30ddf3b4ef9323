// Lists, maps and records: constructors, subscripts, concatenation, containment.
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/nested.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = Parameter::Kind;

std::vector<Value> values_of(const KernelCall& call, std::size_t row) {
  std::vector<Value> values;
  for (const Operand& operand : call.operands()) values.push_back(operand.value(row));
  return values;
}

void list_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    out.append_bytes(encode_list(call.result_type(), values_of(call, row)));
  });
}

void list_index_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const std::vector<Value> elements = decode_list(type, call[0].bytes(row));
    const auto index = std::get<std::int64_t>(call[1].value(row));
    if (index < 1 || static_cast<std::uint64_t>(index) > elements.size()) {
      out.append_null();
    } else {
      out.append_value(elements[static_cast<std::size_t>(index - 1)]);
    }
  });
}

void list_slice_kernel(KernelCall& call) {
  const Type type = call[0].type();
  write<Text, std::int64_t, std::int64_t>(
      call, [&](Text bytes, std::int64_t first, std::int64_t last, std::string& out) {
        const std::vector<Value> elements = decode_list(type, bytes);
        const auto size = static_cast<std::int64_t>(elements.size());
        first = std::max<std::int64_t>(first, 1);
        last = std::min(last, size);
        std::vector<Value> chosen;
        if (first <= last) chosen.assign(elements.begin() + (first - 1), elements.begin() + last);
        out += encode_list(type, chosen);
      });
}

void list_cat_kernel(KernelCall& call) {
  const Type type = call.result_type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const bool a_null = call[0].is_null(row);
    const bool b_null = call[1].is_null(row);
    if (a_null && b_null) {
      out.append_null();
    } else if (a_null || b_null) {
      out.append_bytes(call[a_null ? 1 : 0].bytes(row));
    } else {
      std::vector<Value> elements = decode_list(type, call[0].bytes(row));
      for (Value& value : decode_list(type, call[1].bytes(row)))
        elements.push_back(std::move(value));
      out.append_bytes(encode_list(type, elements));
    }
  });
}

template <bool element_first>
void list_add_kernel(KernelCall& call) {
  const Type type = call.result_type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const Operand& list = call[element_first ? 1 : 0];
    std::vector<Value> elements =
        list.is_null(row) ? std::vector<Value>() : decode_list(type, list.bytes(row));
    elements.insert(element_first ? elements.begin() : elements.end(),
                    call[element_first ? 0 : 1].value(row));
    out.append_bytes(encode_list(type, elements));
  });
}

bool list_contains(const Type& type, Text whole, Text part) {
  const std::vector<Value> elements = decode_list(type, whole);
  for (const Value& wanted : decode_list(type, part)) {
    bool found = false;
    for (const Value& value : elements) {
      found = found || (!is_null(value) && !is_null(wanted) &&
                        compare_values(type.element(), value, wanted, Equality::sql) == 0);
    }
    if (!found) return false;
  }
  return true;
}

// Later entries of a key win; a NULL key is dropped.
MapValue make_map(std::vector<std::pair<Value, Value>> entries) {
  MapValue map;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [key, value] : entries) {
    if (is_null(key)) continue;
    const std::string& text = std::get<std::string>(key);
    if (!map.entries.empty() && map.entries.back().first == text) {
      map.entries.back().second = std::move(value);
    } else {
      map.entries.emplace_back(text, std::move(value));
    }
  }
  return map;
}

void map_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    std::vector<std::pair<Value, Value>> entries;
    for (std::size_t i = 0; i + 1 < call.size(); i += 2)
      entries.emplace_back(call[i].value(row), call[i + 1].value(row));
    out.append_bytes(encode_map(call.result_type(), make_map(std::move(entries))));
  });
}

const Value* find_key(const MapValue& map, Text key) {
  for (const auto& [name, value] : map.entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

void map_get_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const MapValue map = decode_map(type, call[0].bytes(row));
    const Value* const value = find_key(map, call[1].bytes(row));
    if (value == nullptr) {
      out.append_null();
    } else {
      out.append_value(*value);
    }
  });
}

bool map_contains(const Type& type, Text whole, Text part) {
  const MapValue map = decode_map(type, whole);
  for (const auto& [key, wanted] : decode_map(type, part).entries) {
    const Value* const value = find_key(map, key);
    if (value == nullptr || compare_values(type.element(), *value, wanted, Equality::sql) != 0)
      return false;
  }
  return true;
}

template <bool all>
void map_has_keys_kernel(KernelCall& call) {
  const Type type = call[0].type();
  compute<bool(Text, Text)>(call, [&](Text bytes, Text keys) {
    const MapValue map = decode_map(type, bytes);
    for (const Value& key : decode_array(Type::array_of(TypeId::text), keys).elements) {
      const bool has = !is_null(key) && find_key(map, std::get<std::string>(key)) != nullptr;
      if (has != all) return !all;
    }
    return all;
  });
}

void row_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    out.append_bytes(encode_record(call.result_type(), values_of(call, row)));
  });
}

void record_field_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const auto index = static_cast<std::size_t>(std::get<std::int32_t>(call[1].value(row)));
    out.append_value(decode_record(type, call[0].bytes(row)).at(index));
  });
}

enum class RecordTest { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

// Field by field. For = and <> a NULL is equal to nothing; for the others one at the deciding field
// makes NULL.
template <RecordTest test>
void compare_records_kernel(KernelCall& call) {
  const Type type = call[0].type();
  compute<std::optional<bool>(Text, Text)>(call, [&](Text x, Text y) -> std::optional<bool> {
    const std::vector<Value> a = decode_record(type, x);
    const std::vector<Value> b = decode_record(call[1].type(), y);
    int order = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()) && order == 0; ++i) {
      if (is_null(a[i]) || is_null(b[i])) {
        if (test == RecordTest::equal) return false;
        if (test == RecordTest::not_equal) return true;
        return std::nullopt;
      }
      order = compare_values(type.fields()[i].type, a[i], b[i], Equality::sql);
    }
    switch (test) {
      case RecordTest::equal:
        return order == 0;
      case RecordTest::not_equal:
        return order != 0;
      case RecordTest::less:
        return order < 0;
      case RecordTest::less_or_equal:
        return order <= 0;
      case RecordTest::greater:
        return order > 0;
      case RecordTest::greater_or_equal:
        return order >= 0;
    }
    return std::nullopt;
  });
}

Type row_type(std::span<const Type> types) {
  std::vector<RecordField> fields;
  for (const Type& type : types) fields.push_back({"f" + std::to_string(fields.size() + 1), type});
  return Type::record_of(std::move(fields));
}

}  // namespace

std::vector<Function> list_functions() {
  std::vector<Function> out;
  out.push_back(in_schema(
      "mz_internal",
      infallible(variadic(never_null(handling_nulls(function_entry(
          "list", {Kind::any}, Kind::anylist, "The list of the values: what LIST[...] is.",
          "LIST[1,2][1] = 1", list_kernel)))))));
  out.push_back(in_schema("mz_internal",
                          infallible(function_entry("list_index", {Kind::anylist, TypeId::int8},
                                                    Kind::anyelement, "The element: what l[i] is.",
                                                    "(LIST[1,2])[2] = 2", list_index_kernel))));
  out.push_back(
      in_schema("mz_internal",
                infallible(function_entry("list_slice", {Kind::anylist, TypeId::int8, TypeId::int8},
                                          Kind::anylist, "The elements between: what l[a:b] is.",
                                          "(LIST[1,2,3])[2:3] = LIST[2,3]", list_slice_kernel))));
  const auto mz = [](Function function) {
    return in_schema("mz_catalog", infallible(std::move(function)));
  };
  const std::vector<Parameter> two_lists = {Kind::anycompatiblelist, Kind::anycompatiblelist};
  const std::vector<Parameter> list_and_element = {Kind::anycompatiblelist, Kind::anycompatible};
  const std::vector<Parameter> element_and_list = {Kind::anycompatible, Kind::anycompatiblelist};
  out.push_back(mz(function_entry(
      "list_length", {Kind::anylist}, TypeId::int4, "How many elements.",
      "list_length(LIST[1,2]) = 2", [](KernelCall& call) {
        compute<std::int32_t(Text)>(call, [&](Text bytes) {
          return static_cast<std::int32_t>(decode_list(call[0].type(), bytes).size());
        });
      })));
  out.push_back(mz(handling_nulls(
      function_entry("list_cat", two_lists, Kind::anycompatiblelist, "One after the other.",
                     "list_cat(LIST[1], LIST[2]) = LIST[1,2]", list_cat_kernel))));
  out.push_back(mz(handling_nulls(function_entry(
      "list_append", list_and_element, Kind::anycompatiblelist, "The element at the end.",
      "list_append(LIST[1], 2) = LIST[1,2]", list_add_kernel<false>))));
  out.push_back(mz(handling_nulls(function_entry(
      "list_prepend", element_and_list, Kind::anycompatiblelist, "The element at the start.",
      "list_prepend(1, LIST[2]) = LIST[1,2]", list_add_kernel<true>))));
  out.push_back(mz(handling_nulls(
      operator_entry("||", two_lists, Kind::anycompatiblelist, "One after the other.",
                     "LIST[1] || LIST[2] = LIST[1,2]", list_cat_kernel))));
  out.push_back(mz(handling_nulls(
      operator_entry("||", list_and_element, Kind::anycompatiblelist, "The element at the end.",
                     "LIST[1] || 2 = LIST[1,2]", list_add_kernel<false>))));
  out.push_back(mz(handling_nulls(
      operator_entry("||", element_and_list, Kind::anycompatiblelist, "The element at the start.",
                     "1 || LIST[2] = LIST[1,2]", list_add_kernel<true>))));
  out.push_back(mz(operator_entry("@>", {Kind::anylist, Kind::anylist}, TypeId::boolean,
                                  "Whether every element of the second is in the first.",
                                  "(LIST[1,2] @> LIST[2]) = true", [](KernelCall& call) {
                                    compute<bool(Text, Text)>(call, [&](Text a, Text b) {
                                      return list_contains(call[0].type(), a, b);
                                    });
                                  })));
  out.push_back(mz(operator_entry("<@", {Kind::anylist, Kind::anylist}, TypeId::boolean,
                                  "Whether every element of the first is in the second.",
                                  "(LIST[2] <@ LIST[1,2]) = true", [](KernelCall& call) {
                                    compute<bool(Text, Text)>(call, [&](Text a, Text b) {
                                      return list_contains(call[0].type(), b, a);
                                    });
                                  })));
  return out;
}

std::vector<Function> map_functions() {
  const auto mz = [](Function function) {
    return in_schema("mz_catalog", infallible(std::move(function)));
  };
  std::vector<Function> out;
  out.push_back(
      in_schema("mz_internal", infallible(variadic(never_null(handling_nulls(function_entry(
                                   "map", {Kind::any}, Kind::anymap,
                                   "The map of keys and values by turns: what MAP[...] is.",
                                   "MAP['a' => 1] -> 'a' = 1", map_kernel)))))));
  out.push_back(mz(function_entry("map_length", {Kind::anymap}, TypeId::int4, "How many entries.",
                                  "map_length(MAP['a' => 1]) = 1", [](KernelCall& call) {
                                    compute<std::int32_t(Text)>(call, [&](Text bytes) {
                                      return static_cast<std::int32_t>(
                                          decode_map(call[0].type(), bytes).entries.size());
                                    });
                                  })));
  out.push_back(
      mz(operator_entry("->", {Kind::anymap, TypeId::text}, Kind::anyelement,
                        "The value of the key.", "MAP['a' => 1] -> 'a' = 1", map_get_kernel)));
  out.push_back(mz(operator_entry(
      "?", {Kind::anymap, TypeId::text}, TypeId::boolean, "Whether there is such a key.",
      "(MAP['a' => 1] ? 'a') = true", [](KernelCall& call) {
        compute<bool(Text, Text)>(call, [&](Text bytes, Text key) {
          return find_key(decode_map(call[0].type(), bytes), key) != nullptr;
        });
      })));
  const Type texts = Type::array_of(TypeId::text);
  out.push_back(mz(operator_entry(
      "?&", {Kind::anymap, texts}, TypeId::boolean, "Whether all these keys are there.",
      "(MAP['a' => 1] ?& ARRAY['a']) = true", map_has_keys_kernel<true>)));
  out.push_back(mz(operator_entry(
      "?|", {Kind::anymap, texts}, TypeId::boolean, "Whether any of these keys is there.",
      "(MAP['a' => 1] ?| ARRAY['a', 'b']) = true", map_has_keys_kernel<false>)));
  out.push_back(
      mz(operator_entry("@>", {Kind::anymap, Kind::anymap}, TypeId::boolean,
                        "Whether every entry of the second is in the first.",
                        "(MAP['a' => 1, 'b' => 2] @> MAP['a' => 1]) = true", [](KernelCall& call) {
                          compute<bool(Text, Text)>(call, [&](Text a, Text b) {
                            return map_contains(call[0].type(), a, b);
                          });
                        })));
  out.push_back(
      mz(operator_entry("<@", {Kind::anymap, Kind::anymap}, TypeId::boolean,
                        "Whether every entry of the first is in the second.",
                        "(MAP['a' => 1] <@ MAP['a' => 1, 'b' => 2]) = true", [](KernelCall& call) {
                          compute<bool(Text, Text)>(call, [&](Text a, Text b) {
                            return map_contains(call[0].type(), b, a);
                          });
                        })));
  return out;
}

std::vector<Function> record_functions() {
  std::vector<Function> out;
  Function row =
      in_schema("mz_internal",
                infallible(variadic(never_null(handling_nulls(function_entry(
                    "row", {Kind::any}, Kind::record, "The record of the values: what ROW(...) is.",
                    "(ROW(1, 'a')).f1 = 1", row_kernel))))));
  row.result_type = row_type;
  out.push_back(std::move(row));
  out.push_back(in_schema(
      "mz_internal", infallible(function_entry("record_field", {Kind::record, TypeId::int4},
                                               Kind::any, "The field, from 0: what (r).f is.",
                                               "(ROW(1, 'a')).f2 = 'a'", record_field_kernel))));
  const auto add = [&](Text symbol, Text doc, Text example, Kernel kernel) {
    out.push_back(infallible(operator_entry(symbol, {Kind::record, Kind::record}, TypeId::boolean,
                                            doc, example, kernel)));
  };
  add("=", "Whether all fields are equal.", "(ROW(1, 2) = ROW(1, 2)) = true",
      compare_records_kernel<RecordTest::equal>);
  add("<>", "Whether any field differs.", "(ROW(1, 2) <> ROW(1, 3)) = true",
      compare_records_kernel<RecordTest::not_equal>);
  add("<", "Whether the first field that differs is less.", "(ROW(1, 2) < ROW(1, 3)) = true",
      compare_records_kernel<RecordTest::less>);
  add("<=", "Whether no field that differs first is greater.", "(ROW(1, 2) <= ROW(1, 2)) = true",
      compare_records_kernel<RecordTest::less_or_equal>);
  add(">", "Whether the first field that differs is greater.", "(ROW(1, 3) > ROW(1, 2)) = true",
      compare_records_kernel<RecordTest::greater>);
  add(">=", "Whether no field that differs first is less.", "(ROW(1, 2) >= ROW(1, 2)) = true",
      compare_records_kernel<RecordTest::greater_or_equal>);
  return out;
}

}  // namespace tailrace::engine
